//! From options and signature to checked facts: the rules that need both.

use super::args::Args;
use super::binding::{EventName, EventSpec, FieldsSpec};
use super::companions::{entry_inputs, entry_value};
use super::model::{Binding, Event, Fields, Model, Part, Value};
use super::signature;
use crate::item::Function;
use crate::paths::Door;
use crate::problems::{Problems, quoted, suggestion};
use crate::template::{Piece, Placeholder, Template};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

const MAX_FIELDS: usize = 5;

/// The facts, if there is a return type to cache at all; whatever is wrong is a problem.
pub(crate) fn lower(args: Args, function: &Function, problems: &mut Problems) -> Option<Model> {
    signature::check(function, problems);
    let door = Door::new(args.runtime.as_ref());
    let mut values = Values { function, values: Vec::new() };
    let key = match &args.key {
        Some(template) => values.key(template, problems),
        None => values.default_key(&args),
    };
    check_skip(&args, &values, problems);
    check_forgotten(&args, &values, problems);
    let tags = args.tags.iter().map(|tag| values.tag(tag, problems)).collect();
    let bindings = args.invalidate_on.iter().map(|event| values.binding(event, problems)).collect();
    let returns = function.returns()?.clone();
    Some(Model {
        entry_inputs: entry_inputs(function, &values.values),
        entry_value: entry_value(&returns, function, &door),
        door,
        is_named: args.name.is_some(),
        name: args.name.map_or_else(|| function.signature.ident.unraw().to_string(), |name| name.value()),
        function: function.clone(),
        returns,
        key,
        values: values.values,
        tags,
        bindings,
        ttl: args.ttl,
        tiers: args.tiers,
        codec: args.codec,
        version: args.version.unwrap_or(0),
        cache: args.cache,
        companions: args.companions.unwrap_or(true),
    })
}

/// The values of a call, in the order in which the key first names them.
struct Values<'a> {
    function: &'a Function,
    values: Vec<Value>,
}

impl Values<'_> {
    fn key(&mut self, template: &Template, problems: &mut Problems) -> Vec<Part> {
        let mut parts = Vec::new();
        for (at, piece) in template.pieces.iter().enumerate() {
            match piece {
                Piece::Text(text) => parts.push(Part::Text(text.clone())),
                Piece::Placeholder(placeholder) => {
                    let delimiter = delimiter(template, at, placeholder, problems);
                    let index = self.add(placeholder, template, problems);
                    parts.push(Part::Value { index, delimiter });
                }
            }
        }
        parts
    }

    /// The path, then every parameter that is not skipped, in order.
    fn default_key(&mut self, args: &Args) -> Vec<Part> {
        let function = self.function;
        let parameters = function.parameters();
        let names = parameters.iter().flat_map(|parameter| parameter.names.iter().map(|name| (*name, parameter.typed.ty.span())));
        let generics = function.generics();
        let generics = generics.iter().map(|name| (*name, name.span()));
        for (name, span) in names.chain(generics).filter(|(name, _)| !args.skip.contains(name)) {
            let placeholder = Placeholder { root: name.to_string(), steps: Vec::new() };
            let is_type = self.is_type(&placeholder.root);
            self.values.push(Value { placeholder, is_type, span });
        }
        let count = self.values.len();
        let value = |index| [Part::Text(":".into()), Part::Value { index, delimiter: (index + 1 < count).then_some(':') }];
        std::iter::once(Part::Path).chain((0..count).flat_map(value)).collect()
    }

    fn add(&mut self, placeholder: &Placeholder, template: &Template, problems: &mut Problems) -> usize {
        if let Some(index) = self.values.iter().position(|value| value.placeholder == *placeholder) {
            return index;
        }
        let span = self.span_of(placeholder, template, problems);
        let is_type = self.is_type(&placeholder.root);
        self.values.push(Value { placeholder: placeholder.clone(), is_type, span });
        self.values.len() - 1
    }

    /// The type of the parameter that a placeholder begins with, or a problem.
    fn span_of(&self, placeholder: &Placeholder, template: &Template, problems: &mut Problems) -> proc_macro2::Span {
        let root = placeholder.root.as_str();
        let at_template = template.literal.span();
        if root == "self" {
            if self.function.receiver().is_none() {
                let message = format!("`<{}>` needs a receiver", placeholder.shown());
                problems.at(&template.literal, message, "this function has no `self`");
            } else if placeholder.steps.is_empty() {
                problems.at(&template.literal, "`<self>` is not a key", "name a field of it, as in `<self.tenant>`");
            }
            return at_template;
        }
        let parameters = self.function.parameters();
        if let Some(parameter) = parameters.iter().find(|parameter| parameter.names.iter().any(|name| *name == root)) {
            return if placeholder.steps.is_empty() { parameter.typed.ty.span() } else { at_template };
        }
        if let Some(generic) = self.function.generics().into_iter().find(|generic| *generic == root) {
            return generic.span();
        }
        let names: Vec<String> = parameters.iter().flat_map(|parameter| &parameter.names).map(ToString::to_string).collect();
        let help = suggestion(root, "parameters", names.iter().map(String::as_str));
        problems.at(&template.literal, format!("`<{}>` names no parameter", placeholder.shown()), help);
        at_template
    }

    fn is_type(&self, root: &str) -> bool {
        self.function.signature.generics.type_params().any(|parameter| parameter.ident == root)
    }

    fn tag(&mut self, template: &Template, problems: &mut Problems) -> Vec<Part> {
        let mut parts = Vec::new();
        for piece in &template.pieces {
            match piece {
                Piece::Text(text) => parts.push(Part::Text(text.clone())),
                Piece::Placeholder(placeholder) => match self.known(placeholder) {
                    Some(index) => parts.push(Part::Value { index, delimiter: None }),
                    None => self.refuse_tag(placeholder, template, problems),
                },
            }
        }
        parts
    }

    fn known(&self, placeholder: &Placeholder) -> Option<usize> {
        self.values.iter().position(|value| value.placeholder == *placeholder)
    }

    fn refuse_tag(&self, placeholder: &Placeholder, template: &Template, problems: &mut Problems) {
        let shown = placeholder.shown();
        if placeholder.root == "return" {
            let message = format!("`<{shown}>`: tags from the returned value are not supported by this version");
            return problems.at(&template.literal, message, "use a parameter, or emit an event with the value's fields");
        }
        let message = format!("`<{shown}>` is not part of the key: two calls that differ in it share one entry, with one tag");
        problems.at(&template.literal, message, format!("add `<{shown}>` to the key, or leave it out of the tag"));
    }

    fn binding(&self, spec: &EventSpec, problems: &mut Problems) -> Binding {
        let fields = match &spec.fields {
            FieldsSpec::Shared => Fields::Shared,
            FieldsSpec::Every => Fields::Only(Vec::new()),
            FieldsSpec::Only(fields) => {
                if let Some(sixth) = fields.get(MAX_FIELDS) {
                    let help = "bind fewer: a binding of fewer fields invalidates every entry that agrees on them";
                    problems.at(&sixth.field, format!("an event is bound by at most {MAX_FIELDS} fields"), help);
                }
                let bound = |field: &super::binding::FieldSpec| match self.bound(&field.value.unraw().to_string()) {
                    Some(index) => Some((field.field.clone(), index)),
                    None => {
                        self.refuse_field(&field.value, problems);
                        None
                    }
                };
                Fields::Only(fields.iter().filter_map(bound).collect())
            }
        };
        let event = match &spec.event {
            EventName::Text { name, literal } => {
                self.check_text(name, literal, &fields, problems);
                Event::Named(name.clone())
            }
            EventName::Type(path) => Event::Declared(path.clone()),
        };
        Binding { event, fields }
    }

    fn check_text(&self, name: &str, literal: &syn::LitStr, fields: &Fields, problems: &mut Problems) {
        if matches!(fields, Fields::Shared) && self.values.len() > MAX_FIELDS {
            let message = format!("the key has {} values, and `{name}` would be bound by all of them", self.values.len());
            let help = format!("say by which, at most {MAX_FIELDS}: `\"{name}({})\"`", self.values[0].placeholder.binding());
            problems.at(literal, message, help);
        }
    }

    fn bound(&self, name: &str) -> Option<usize> {
        self.values.iter().position(|value| value.placeholder.binding() == name)
    }

    fn refuse_field(&self, value: &syn::Ident, problems: &mut Problems) {
        let names: Vec<String> = self.values.iter().map(|value| value.placeholder.binding()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let help = match names.as_slice() {
            [] => "the key has no values: write `(*)` to mean every entry of the function".to_owned(),
            names => format!("the key's values are {}; write `field = value` to bind a field of another name", quoted(names)),
        };
        problems.at(value, format!("`{value}` is not a value of the key"), help);
    }
}

/// The first character behind a placeholder, which its value must not contain.
fn delimiter(template: &Template, at: usize, placeholder: &Placeholder, problems: &mut Problems) -> Option<char> {
    let shown = placeholder.shown();
    match template.pieces.get(at + 1)? {
        Piece::Placeholder(next) => {
            let message = format!("nothing stands between `<{shown}>` and `<{}>`: `1` and `23` would be `12` and `3`", next.shown());
            problems.at(&template.literal, message, format!("put a separator between them: `<{shown}>:<{}>`", next.shown()));
            None
        }
        Piece::Text(text) => {
            let delimiter = text.chars().next();
            let is_last = !template.pieces[at + 1..].iter().any(|piece| matches!(piece, Piece::Placeholder(_)));
            if let Some(bad) = delimiter.filter(|c| !is_last && (matches!(c, '0'..='9' | 'A'..='F' | '%'))) {
                let message = format!("`{bad}` cannot end the value of `<{shown}>`: it may be part of its text");
                problems.at(&template.literal, message, format!("put a separator there: `<{shown}>:{text}`"));
            }
            delimiter.filter(|c| !matches!(c, '0'..='9' | 'A'..='F' | '%'))
        }
    }
}

fn check_skip(args: &Args, values: &Values<'_>, problems: &mut Problems) {
    let parameters = values.function.parameters();
    let names = parameters.iter().flat_map(|parameter| &parameter.names).map(ToString::to_string);
    let generics = values.function.generics().into_iter().map(ToString::to_string);
    let receiver = values.function.receiver().map(|_| "self".to_owned());
    let known: Vec<String> = names.chain(generics).chain(receiver).collect();
    for (at, name) in args.skip.iter().enumerate() {
        let text = name.to_string();
        if !known.contains(&text) {
            let help = suggestion(&text, "parameters", known.iter().map(String::as_str));
            problems.at(name, format!("`{text}` is not a parameter"), help);
        } else if args.skip[..at].contains(name) {
            problems.at(name, format!("`{text}` is skipped twice"), "keep one of the two");
        } else if args.key.is_some() && values.values.iter().any(|value| value.placeholder.root == text) {
            problems.at(name, format!("`{text}` is in the key, and cannot be skipped"), "leave it out of one of the two");
        }
    }
}

/// What tells calls apart and is neither in an explicit key nor skipped.
fn check_forgotten(args: &Args, values: &Values<'_>, problems: &mut Problems) {
    let in_key = |name: &str| values.values.iter().any(|value| value.placeholder.root == name);
    let settled = |name: &str| in_key(name) || args.skip.iter().any(|skipped| skipped == name);
    if args.key.is_some() {
        for parameter in values.function.parameters() {
            if parameter.is_plainly_keyable()
                && let Some(name) = parameter.names.iter().find(|name| !settled(&name.to_string()))
            {
                let message = format!("`{name}` is not in the key: two calls that differ in it would share one entry");
                problems.at(name, message, format!("add `<{name}>` to the key, or say that it does not matter: `skip = [{name}]`"));
            }
        }
    }
    for generic in values.function.generics() {
        if !settled(&generic.to_string()) {
            let message = format!("`{generic}` is not in the key: two instantiations would share one entry");
            let help = format!("add `<{generic}>` to the key, or say that it does not matter: `skip = [{generic}]`");
            problems.at(generic, message, help);
        }
    }
    if let Some(receiver) = values.function.receiver().filter(|_| !settled("self")) {
        let message = "the key names no field of `self`: two instances would share their entries";
        let help = "add a field that tells them apart, as in `<self.tenant>`, or say that it does not matter: `skip = [self]`";
        problems.at_span(receiver.self_token.span(), message, help);
    }
}
