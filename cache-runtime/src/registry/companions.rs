//! Which function a companion is of. It is not described again in the companion: it is found by its path and its place, which
//! both of them have.

use super::RegisteredFunction;
use crate::function::{Function, path_of};
use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::{PoisonError, RwLock};

/// The path of an item in a companion, and where its attribute is.
type Companion = (&'static str, &'static Location<'static>);

/// The functions of the companions that were called: to look for one takes a while.
static COMPANIONS: RwLock<BTreeMap<Companion, &'static Function>> = RwLock::new(BTreeMap::new());

/// The function of a companion: there is one of its path at its place.
pub(crate) fn with_companion(
    inside: &'static str,
    ident: &'static str,
    place: &'static Location<'static>,
) -> &'static Function {
    if let Some(known) = COMPANIONS.read().unwrap_or_else(PoisonError::into_inner).get(&(inside, place)) {
        return known;
    }
    let function = registered(&path_of(inside, ident), place);
    COMPANIONS.write().unwrap_or_else(PoisonError::into_inner).insert((inside, place), function);
    function
}

/// The one function of a path at a place. Never another: a companion would read and write the entries of that.
fn registered(path: &str, place: &'static Location<'static>) -> &'static Function {
    let all = inventory::iter::<RegisteredFunction>.into_iter().map(|registered| registered.0);
    let mut found = all.filter(|function| function.place() == place && function.path() == path);
    let function = found.next().unwrap_or_else(|| panic!("the linker has left out `{path}` ({place})"));
    let is_alone = found.all(|other| std::ptr::eq(other, function));
    assert!(is_alone, "{}", cannot_be_told_apart(function));
    function
}

/// Functions of one name in two blocks that one macro makes: their entries and their companions would be mixed up.
pub(super) fn one_path_at_one_place(functions: &[&'static Function]) -> Vec<String> {
    let are_mixed = |pair: &&[&'static Function]| {
        let (one, other) = (pair[0], pair[1]);
        !std::ptr::eq(one, other) && one.path() == other.path() && one.place() == other.place()
    };
    let mut problems: Vec<_> =
        functions.windows(2).filter(are_mixed).map(|pair| cannot_be_told_apart(pair[0])).collect();
    problems.dedup();
    problems
}

fn cannot_be_told_apart(function: &Function) -> String {
    let (path, location) = (function.path(), function.location());
    format!("two cached functions are both `{path}` ({location}), and nothing tells them apart; give one another name")
}
