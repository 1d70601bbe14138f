//! Settings in a TOML file. Every error names the file and the key.

use super::settings::{OF_CACHE, OF_FUNCTION, Setting, Settings, functions, most_like, unknown};
use crate::error::Error;
use std::path::Path;
use toml::{Table, Value};

/// The table of the functions' settings.
const FUNCTIONS: &str = "functions";

/// What a file says.
pub(super) fn read(path: &Path) -> Result<Settings, Error> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&shown, &format!("it cannot be read: {error}")))?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| wrong(&shown, &explained(&text, &error)))?;
    let mut settings = Settings::default();
    for (key, value) in table {
        if key == FUNCTIONS {
            of_functions(&mut settings, &shown, value)?;
            continue;
        }
        let from = format!("{shown}: {key}");
        let Some((name, _)) = OF_CACHE.iter().find(|(name, _)| *name == key) else {
            let known: Vec<&str> = OF_CACHE.iter().map(|(name, _)| *name).chain([FUNCTIONS]).collect();
            return Err(wrong(&from, &unknown(&key, &known)));
        };
        settings.cache.insert(name, Setting { text: text_of(&from, &value)?, from });
    }
    Ok(settings)
}

fn of_functions(settings: &mut Settings, shown: &str, value: Value) -> Result<(), Error> {
    let from = format!("{shown}: {FUNCTIONS}");
    let Value::Table(tables) = value else {
        return Err(wrong(&from, "it should be a table of functions, such as `[functions.guild_members]`"));
    };
    let names = functions();
    for (function, value) in tables {
        let from = format!("{from}.{function}");
        if !names.contains(&function) {
            let known: Vec<&str> = names.iter().map(String::as_str).collect();
            let hint = most_like(&function, &known).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
            return Err(wrong(&from, &format!("no cached function has this name{hint}")));
        }
        let Value::Table(options) = value else {
            return Err(wrong(&from, "it should be a table, such as `{ ttl = \"5m\" }`"));
        };
        let said = settings.functions.entry(function).or_default();
        for (option, value) in options {
            let from = format!("{from}.{option}");
            if !OF_FUNCTION.contains(&option.as_str()) {
                return Err(wrong(&from, &unknown(&option, &OF_FUNCTION)));
            }
            said.insert(option, Setting { text: text_of(&from, &value)?, from });
        }
    }
    Ok(())
}

/// A value as it would stand in a variable.
fn text_of(from: &str, value: &Value) -> Result<String, Error> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(number.to_string()),
        Value::Boolean(switch) => Ok(switch.to_string()),
        Value::Array(_) | Value::Table(_) | Value::Datetime(_) => {
            Err(wrong(from, "it should be a text, a number, or `true` or `false`"))
        }
    }
}

/// What the parser said, with the line.
fn explained(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map(|span| text[..span.start.min(text.len())].lines().count().max(1));
    let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
    format!("{line}{}", error.message())
}

fn wrong(from: &str, problem: &str) -> Error {
    Error::Configuration { name: from.to_owned(), problem: problem.to_owned() }
}
