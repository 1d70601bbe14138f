//! What tells calls apart has to be settled: it is in the key, or `skip` says that it does not matter.

use super::args::Args;
use super::model::Value;
use crate::item::Function;
use crate::problems::{Problems, suggestion};

/// A call's values, and what the attribute says of the rest.
pub(crate) struct Settled<'a> {
    pub(crate) args: &'a Args,
    pub(crate) function: &'a Function,
    pub(crate) values: &'a [Value],
}

impl Settled<'_> {
    /// What `skip` names wrongly, and what it has forgotten to name.
    pub(crate) fn check(&self, problems: &mut Problems) {
        let known = self.known();
        self.check_skip(&known, problems);
        // A name that is unknown was meant for one that would seem forgotten.
        if self.args.skip.iter().all(|name| known.contains(&name.to_string())) {
            self.check_forgotten(problems);
        }
    }

    /// Names in `skip` that are unknown, twice there, or in the key.
    fn check_skip(&self, known: &[String], problems: &mut Problems) {
        for (at, name) in self.args.skip.iter().enumerate() {
            let text = name.to_string();
            if !known.contains(&text) {
                let help = suggestion(&text, "parameters", known.iter().map(String::as_str));
                problems.at(name, format!("`{text}` is not a parameter"), help);
            } else if self.args.skip[..at].contains(name) {
                problems.at(name, format!("`{text}` is skipped twice"), "keep one of the two");
            } else if self.args.key.is_some() && self.is_in_key(&text) {
                let help = "leave it out of one of the two";
                problems.at(name, format!("`{text}` is in the key, and cannot be skipped"), help);
            }
        }
    }

    /// What tells calls apart and is neither in the key nor skipped.
    fn check_forgotten(&self, problems: &mut Problems) {
        self.check_parameters(problems);
        for generic in self.function.generics() {
            let name = generic.to_string();
            if !self.is_settled(&name) {
                let message = format!("`{name}` is not in the key: two instantiations would share one entry");
                problems.at(generic, message, either(&name));
            }
        }
        if let Some(receiver) = self.function.receiver().filter(|_| !self.is_settled("self")) {
            let message = "the key names no field of `self`: two instances would share their entries";
            let help =
                "add a field that tells them apart, as in `<self.tenant>`, or say that none matters: `skip(self)`";
            problems.at(&receiver.self_token, message, help);
        }
    }

    /// The default key has every parameter; one that is written may have forgotten some.
    fn check_parameters(&self, problems: &mut Problems) {
        let parameters = self.function.parameters();
        let plain = parameters.iter().filter(|parameter| parameter.is_plainly_keyable());
        let names = plain.flat_map(|parameter| &parameter.names);
        for name in names.filter(|name| self.args.key.is_some() && !self.is_settled(&name.to_string())) {
            let message = format!("`{name}` is not in the key: two calls that differ in it would share one entry");
            problems.at(name, message, either(&name.to_string()));
        }
    }

    /// What `skip` may name.
    fn known(&self) -> Vec<String> {
        let parameters = self.function.parameters();
        let names = parameters.iter().flat_map(|parameter| &parameter.names).map(ToString::to_string);
        let generics = self.function.generics().into_iter().map(ToString::to_string);
        let receiver = self.function.receiver().map(|_| "self".to_owned());
        names.chain(generics).chain(receiver).collect()
    }

    fn is_settled(&self, name: &str) -> bool {
        let is_batch = self.args.batch.as_ref().is_some_and(|batch| batch.ids == name);
        is_batch || self.is_in_key(name) || self.args.skip.iter().any(|skipped| skipped == name)
    }

    fn is_in_key(&self, name: &str) -> bool {
        self.values.iter().any(|value| value.placeholder.root == name)
    }
}

fn either(name: &str) -> String {
    format!("add `<{name}>` to the key, or say that it does not matter: `skip({name})`")
}
