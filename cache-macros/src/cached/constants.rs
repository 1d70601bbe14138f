//! An option of the policy is one for the function: it is read once, and knows no arguments of a call.

use super::args::Args;
use super::opinions::Opinion;
use crate::item::Function;
use crate::problems::Problems;
use syn::visit::Visit;
use syn::{ExprBlock, ExprClosure, ExprPath, Ident};

/// The names of parameters in values of options, each once an option.
pub(super) fn check(args: &Args, function: &Function, problems: &mut Problems) {
    let parameters = function.parameters();
    let names: Vec<&Ident> = parameters.iter().flat_map(|parameter| parameter.names.iter().copied()).collect();
    for opinion in args.policy.all() {
        if let Some(name) = first_of(&names, opinion) {
            let option = &opinion.name;
            let message = format!("`{name}` is of one call, and `{option}` is one for all of them");
            problems.at(&name, message, help(&option.to_string()));
        }
    }
}

fn help(option: &str) -> &'static str {
    match option {
        "ttl" => {
            "write what is the same for all, and let the value decide, `ttl_from = path`, or the body: \
             `Load::current()` and its `set_ttl`"
        }
        _ => {
            "write a value or a constant; what differs from call to call is said in the policy of `Cache::get_or_load`"
        }
    }
}

fn first_of(names: &[&Ident], opinion: &Opinion) -> Option<Ident> {
    struct Looks<'a>(&'a [&'a Ident], Option<Ident>);
    impl<'a> Visit<'a> for Looks<'_> {
        fn visit_expr_path(&mut self, path: &'a ExprPath) {
            let name = path.path.get_ident().filter(|ident| self.0.contains(ident) || *ident == "self");
            self.1 = self.1.take().or_else(|| name.cloned());
        }

        // What is named inside may be of its own.
        fn visit_expr_block(&mut self, _: &'a ExprBlock) {}
        fn visit_expr_closure(&mut self, _: &'a ExprClosure) {}
    }
    let mut looks = Looks(names, None);
    looks.visit_expr(&opinion.value);
    looks.1
}
