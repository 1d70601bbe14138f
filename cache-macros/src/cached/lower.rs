//! From options and signature to checked facts: the rules that need both.

use super::args::Args;
use super::binding::{EventName, EventSpec, FieldsSpec};
use super::companions::{entry_inputs, entry_value};
use super::constants;
use super::model::{Binding, Event, Fields, Model, Part, Value};
use super::separators;
use super::settled::Settled;
use super::signature;
use crate::extent::Extent;
use crate::item::{Function, Parameter};
use crate::paths::Door;
use crate::problems::{Problems, quoted, suggestion};
use crate::source::{Place, place_of};
use crate::template::{Piece, Placeholder, Template};
use crate::values::MAX_EVENT_FIELDS;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

/// The facts, if there is a return type to cache at all; whatever is wrong is a problem.
pub(crate) fn lower(args: Args, function: &Function, problems: &mut Problems) -> Option<Model> {
    if signature::is_rewritten(function, problems) {
        return None;
    }
    signature::check(function, &args, problems);
    let is_asked_for = args.companions == Some(true);
    let mut model = facts(args, function, problems, |args, values, problems| {
        if !args.is_unread("skip") {
            Settled { args, function, values }.check(problems);
        }
    })?;
    let name = &function.signature.ident;
    model.place = if model.companions { place_of(name) } else { None };
    // A trait may have declared them itself; who says so is believed.
    if model.place == Some(Place::TraitImpl) && !is_asked_for {
        let message =
            format!("`{name}` is in the impl of a trait, where its companions, as `{name}_uncached`, cannot be");
        problems.at(name, message, "leave them out, by `companions = false`");
    }
    Some(model)
}

/// What options and signature say, whatever kind of function it is; `settle` judges what the key leaves out.
pub(crate) fn facts(
    args: Args,
    function: &Function,
    problems: &mut Problems,
    settle: impl FnOnce(&Args, &[Value], &mut Problems),
) -> Option<Model> {
    let door = Door::new(args.runtime.as_ref());
    constants::check(&args, function, problems);
    // Then nobody knows what the key may name.
    if args.is_unread("batch") {
        return None;
    }
    let ids = args.batch.as_ref().map(|batch| (batch.id.to_string(), batch.ids.to_string()));
    let mut values = Values { function, values: Vec::new(), ids };
    let before = problems.count();
    args.batch.iter().for_each(|batch| batch.check(function, args.key.as_ref(), problems));
    let key = match &args.key {
        Some(template) => values.key(template, problems),
        None => values.default_key(&args),
    };
    // Half a key would make false alarms of all that goes by its values.
    if problems.count() > before || args.is_unread("key") {
        return None;
    }
    settle(&args, &values.values, problems);
    args.key.iter().for_each(|template| separators::check(template, problems));
    let (late_tags, tags): (Vec<_>, Vec<_>) = args.tags.into_iter().partition(Template::names_the_return);
    late_tags.iter().for_each(|tag| values.check_late(tag, problems));
    let tags = tags.iter().map(|tag| values.tag(tag, problems)).collect();
    let bindings = args.invalidate_on.iter().map(|event| values.binding(event, problems)).collect();
    let returns = function.returns()?.clone();
    Some(Model {
        entry_inputs: entry_inputs(function, &values.values, &args.cache.iter().chain(&args.codec).collect::<Vec<_>>()),
        entry_value: entry_value(&returns, function, &door),
        door,
        is_named: args.name.is_some(),
        name: args.name.map_or_else(|| function.signature.ident.unraw().to_string(), |name| name.value()),
        function: function.clone(),
        span: returns.span(),
        place: None,
        returns,
        key,
        values: values.values,
        tags,
        late_tags,
        bindings,
        policy: args.policy,
        paths: args.paths,
        codec: args.codec,
        version: args.version.unwrap_or(0),
        cache: args.cache,
        companions: args.companions.unwrap_or(true),
        batch: args.batch,
    })
}

/// The values of a call, in the order in which the key first names them.
struct Values<'a> {
    function: &'a Function,
    /// What one id of a batch is called, and the parameter that has them.
    ids: Option<(String, String)>,
    values: Vec<Value>,
}

impl Values<'_> {
    fn key(&mut self, template: &Template, problems: &mut Problems) -> Vec<Part> {
        let mut parts = Vec::new();
        for (at, piece) in template.pieces.iter().enumerate() {
            match piece {
                Piece::Text(text) => {
                    self.check_braces(text, template, problems);
                    parts.push(Part::Text(text.clone()));
                }
                Piece::Placeholder(placeholder) => {
                    let index = self.add(placeholder, template, problems);
                    let delimiter = separators::delimiter(template, at);
                    let is_integer = self.is_integer(placeholder);
                    parts.push(Part::Value { index, delimiter, is_integer });
                }
            }
        }
        parts
    }

    /// `{id}` is what `format!` and other libraries would take for a placeholder.
    fn check_braces(&self, text: &str, template: &Template, problems: &mut Problems) {
        let parameters = self.function.parameters();
        for name in parameters.iter().flat_map(|parameter| &parameter.names) {
            if text.contains(&format!("{{{name}}}")) {
                problems.at(&template.literal, format!("`{{{name}}}` is plain text here"), format!("write `<{name}>`"));
            }
        }
    }

    /// The path, then every parameter that is not skipped, in order.
    fn default_key(&mut self, args: &Args) -> Vec<Part> {
        let function = self.function;
        let parameters = function.parameters();
        let names = parameters
            .iter()
            .flat_map(|parameter| parameter.names.iter().map(|name| (*name, Extent::of(&parameter.typed.ty))));
        let generics = function.generics();
        let generics = generics.iter().map(|name| (*name, Extent::of(name)));
        for (name, extent) in names.chain(generics).filter(|(name, _)| !args.skip.contains(name)) {
            let placeholder = Placeholder { root: name.to_string(), steps: Vec::new() };
            let is_type = self.is_type(&placeholder.root);
            let is_secret = self.is_secret(&placeholder);
            self.values.push(Value { placeholder, is_type, is_secret, extent });
        }
        let count = self.values.len();
        let value = |index| {
            let delimiter = (index + 1 < count).then_some(':');
            [Part::Text(":".into()), Part::Value { index, delimiter, is_integer: false }]
        };
        std::iter::once(Part::Path).chain((0..count).flat_map(value)).collect()
    }

    fn add(&mut self, placeholder: &Placeholder, template: &Template, problems: &mut Problems) -> usize {
        if let Some(index) = self.values.iter().position(|value| value.placeholder == *placeholder) {
            return index;
        }
        let extent = self.extent_of(placeholder, template, problems);
        let is_type = self.is_type(&placeholder.root);
        let is_secret = self.is_secret(placeholder);
        self.values.push(Value { placeholder: placeholder.clone(), is_type, is_secret, extent });
        self.values.len() - 1
    }

    /// Where a value that cannot be a key is reported: at its type if the key has the whole of it.
    fn extent_of(&self, placeholder: &Placeholder, template: &Template, problems: &mut Problems) -> Extent {
        let root = placeholder.root.as_str();
        let parameters = self.function.parameters();
        let parameter = parameters.iter().find(|parameter| parameter.names.iter().any(|name| *name == root));
        let generics = self.function.generics();
        match (parameter, generics.into_iter().find(|generic| *generic == root)) {
            (Some(parameter), _) if placeholder.steps.is_empty() => return Extent::of(&parameter.typed.ty),
            (Some(_), _) => {}
            (None, Some(generic)) => return Extent::of(generic),
            (None, None) => self.check_root(placeholder, template, problems),
        }
        Extent::of(&template.literal)
    }

    /// That a placeholder which begins with no parameter begins with something else that there is.
    fn check_root(&self, placeholder: &Placeholder, template: &Template, problems: &mut Problems) {
        let (root, shown) = (placeholder.root.as_str(), placeholder.shown());
        let names = self.function.parameters().into_iter().flat_map(|parameter| parameter.names);
        let names: Vec<String> = names.map(ToString::to_string).collect();
        let help = suggestion(root, "parameters", names.iter().map(String::as_str));
        match root {
            _ if self.ids.as_ref().is_some_and(|(id, _)| id == root) => {}
            "self" if self.function.receiver().is_none() => {
                problems.at(&template.literal, format!("`<{shown}>`: this function has no `self`"), help);
            }
            "self" if placeholder.steps.is_empty() => {
                problems.at(&template.literal, "`<self>` is not a key", "name a field of it, as in `<self.tenant>`");
            }
            "self" => {}
            "Self" if placeholder.steps.is_empty() => {}
            "return" => {
                let message = format!("`<{shown}>`: the key is made before there is a value");
                problems.at(&template.literal, message, help);
            }
            _ => problems.at(&template.literal, format!("`<{shown}>` names no parameter"), help),
        }
    }

    fn is_integer(&self, placeholder: &Placeholder) -> bool {
        let is_it = |parameter: &Parameter<'_>| parameter.names.iter().any(|name| **name == placeholder.root);
        placeholder.steps.is_empty()
            && self.function.parameters().iter().find(|parameter| is_it(parameter)).is_some_and(Parameter::is_integer)
    }

    /// A number or a text is no secret unless its parameter is marked; what another type hides, only that type knows.
    fn is_secret(&self, placeholder: &Placeholder) -> Option<bool> {
        let root = match &self.ids {
            Some((id, ids)) if *id == placeholder.root => ids,
            _ => &placeholder.root,
        };
        if self.function.is_secret(root) {
            return Some(true);
        }
        let parameters = self.function.parameters();
        let plain = parameters.iter().find(|parameter| parameter.names.iter().any(|name| *name == root));
        plain.filter(|parameter| placeholder.steps.is_empty() && parameter.is_plainly_keyable()).map(|_| false)
    }

    fn is_type(&self, root: &str) -> bool {
        root == "Self" || self.function.signature.generics.type_params().any(|parameter| parameter.ident == root)
    }

    fn tag(&mut self, template: &Template, problems: &mut Problems) -> Vec<Part> {
        let mut parts = Vec::new();
        for piece in &template.pieces {
            match piece {
                Piece::Text(text) => parts.push(Part::Text(text.clone())),
                Piece::Placeholder(placeholder) => match self.known(placeholder) {
                    Some(index) => parts.push(Part::Value { index, delimiter: None, is_integer: false }),
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
        let before = problems.count();
        self.extent_of(placeholder, template, problems);
        if problems.count() == before {
            let message =
                format!("`<{shown}>` is not in the key: two calls that differ in it share one entry, with one tag");
            problems.at(&template.literal, message, format!("add `<{shown}>` to the key, or leave it out of the tag"));
        }
    }

    /// A tag of the value is made when the body has taken the parameters.
    fn check_late(&self, template: &Template, problems: &mut Problems) {
        let others = template.placeholders().filter(|placeholder| placeholder.root != "return");
        for placeholder in others {
            let shown = placeholder.shown();
            let message = format!("`<{shown}>` stands in a tag of the returned value, which has no parameters");
            problems.at(
                &template.literal,
                message,
                format!("make two tags of it, or name `<return.…>` for `<{shown}>`"),
            );
        }
    }

    fn binding(&self, spec: &EventSpec, problems: &mut Problems) -> Binding {
        let fields = match &spec.fields {
            FieldsSpec::Shared => {
                self.check_namesakes(spec, problems);
                Fields::Shared
            }
            FieldsSpec::Every => Fields::Only(Vec::new()),
            FieldsSpec::Only(fields) => {
                if let Some(sixth) = fields.get(MAX_EVENT_FIELDS) {
                    let help = "bind fewer: a binding of fewer fields invalidates every entry that agrees on them";
                    problems.at(&sixth.field, format!("an event is bound by at most {MAX_EVENT_FIELDS} fields"), help);
                }
                for (at, field) in fields.iter().enumerate() {
                    if fields[..at].iter().any(|before| before.field == field.field) {
                        let message = format!("`{}` is bound twice", field.field);
                        problems.at(&field.field, message, "keep one of the two");
                    }
                }
                let mut bound =
                    |field: &super::binding::FieldSpec| match self.indices(&field.value.unraw().to_string()).as_slice()
                    {
                        [index] => Some((field.field.clone(), *index)),
                        [] => {
                            self.refuse_field(&field.value, problems);
                            None
                        }
                        several => {
                            self.refuse_namesakes(several, &field.value, problems);
                            None
                        }
                    };
                Fields::Only(fields.iter().filter_map(&mut bound).collect())
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
        if matches!(fields, Fields::Shared) && self.values.len() > MAX_EVENT_FIELDS {
            let message =
                format!("the key has {} values, and `{name}` would be bound by all of them", self.values.len());
            let help = format!(
                "say by which, at most {MAX_EVENT_FIELDS}: `\"{name}({})\"`",
                self.values[0].placeholder.binding()
            );
            problems.at(literal, message, help);
        }
    }

    /// An event can have one field of a name: two values of that name could never both be it.
    fn check_namesakes(&self, spec: &EventSpec, problems: &mut Problems) {
        let namesakes = self.values.iter().map(|value| self.indices(&value.placeholder.binding()));
        let Some(several) = namesakes.into_iter().find(|indices| indices.len() > 1) else { return };
        match &spec.event {
            EventName::Text { literal, .. } => self.refuse_namesakes(&several, literal, problems),
            EventName::Type(path) => self.refuse_namesakes(&several, path, problems),
        }
    }

    fn refuse_namesakes(&self, several: &[usize], token: &impl ToTokens, problems: &mut Problems) {
        let name = self.values[several[0]].placeholder.binding();
        let shown: Vec<String> =
            several.iter().map(|at| format!("<{}>", self.values[*at].placeholder.shown())).collect();
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        let message = format!("{} are both bound by the name `{name}`", quoted(&shown));
        problems.at(
            token,
            message,
            "bind by other values, say `(*)` for every entry, or give the key values of other names",
        );
    }

    fn indices(&self, name: &str) -> Vec<usize> {
        (0..self.values.len()).filter(|at| self.values[*at].placeholder.binding() == name).collect()
    }

    fn refuse_field(&self, value: &syn::Ident, problems: &mut Problems) {
        let names: Vec<String> = self.values.iter().map(|value| value.placeholder.binding()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let help = match names.as_slice() {
            [] => "the key has no values: write `(*)` to mean every entry of the function".to_owned(),
            names => {
                format!("the key's values are {}; write `field = value` to bind a field of another name", quoted(names))
            }
        };
        problems.at(value, format!("`{value}` is not a value of the key"), help);
    }
}
