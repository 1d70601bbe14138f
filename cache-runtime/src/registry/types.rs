//! Types as texts: which of two functions' values are alike, as far as their return types say.

/// The text of what is cached, of a return type's text: without `Result<…, E>` and `Option<…>`.
pub(super) fn value_type(returns: &str) -> &str {
    for wrapper in ["Result<", "Option<"] {
        let Some(at) = returns.find(wrapper) else { continue };
        let wraps_all = returns[..at].chars().all(|c| c.is_alphanumeric() || c == '_' || c == ':');
        if wraps_all && returns.ends_with('>') {
            let inner = &returns[at + wrapper.len()..returns.len() - 1];
            return value_type(first_argument(inner));
        }
    }
    returns
}

/// The same with every path cut to its last name: `crate::User` and `User` are likely the same type, and where they are
/// not, an entry of the one is a miss for the other.
pub(super) fn unqualified(ty: &str) -> String {
    let mut names = String::with_capacity(ty.len());
    let mut path_begins = 0;
    for c in ty.chars() {
        names.push(c);
        if names.ends_with("::") {
            names.truncate(path_begins);
        } else if !c.is_alphanumeric() && !matches!(c, '_' | ':') {
            path_begins = names.len();
        }
    }
    names
}

fn first_argument(arguments: &str) -> &str {
    let mut depth = 0_i32;
    for (at, c) in arguments.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth -= 1,
            ',' if depth == 0 => return arguments[..at].trim(),
            _ => {}
        }
    }
    arguments.trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_type_is_what_is_cached() {
        assert_eq!(value_type("Result<Vec<Member>, DbError>"), "Vec<Member>");
        assert_eq!(value_type("io::Result<Option<(u8, u16)>>"), "(u8, u16)");
        assert_eq!(value_type("AppResult<u64>"), "u64");
        assert_eq!(value_type("Vec<Option<u8>>"), "Vec<Option<u8>>");
        assert_eq!(unqualified("Vec<(crate::model::User, u8, ::std::sync::Arc<User>)>"), "Vec<(User, u8, Arc<User>)>");
    }
}
