//! The graph as text: Mermaid and DOT to look at, JSON for programs, each made to be read in a diff.
//!
//! One line for a node and one for an edge, in the order of their names, and nothing that changes when something else
//! does: no numbers for nodes, no lines of source.

use super::{Graph, GraphEvent, GraphFunction, GraphWriter};
use std::fmt::Write;

/// What an edge says.
enum Edge<'a> {
    /// A writer emits an event.
    Emits(&'a str, &'a str),
    /// A writer replaces entries of a function.
    Puts(&'a str, &'a str),
    /// An event emits another.
    Cascades(&'a str, &'a str),
    /// An event invalidates entries of a function, those that agree with these fields.
    Invalidates(&'a str, &'a str, &'a [String]),
    /// A tag does.
    Tags(&'a str, &'a str),
}

impl Graph {
    /// The graph as a Mermaid flowchart, which GitHub and others show in Markdown. Dead events and functions that are
    /// never invalidated are dashed.
    pub fn mermaid(&self) -> String {
        let mut text = String::from("flowchart LR\n");
        let (dead, alone) = (self.dead_events(), self.never_invalidated());
        let dashed = |is: bool| if is { ":::dashed" } else { "" };
        for GraphWriter { path, .. } in &self.writers {
            line(&mut text, format_args!("{}[/\"{}\"/]", id('w', path), for_mermaid(path)));
        }
        for GraphEvent { name, .. } in &self.events {
            let style = dashed(dead.contains(&name.as_str()));
            line(&mut text, format_args!("{}([\"{}\"]){style}", id('e', name), for_mermaid(name)));
        }
        for tag in self.tags() {
            line(&mut text, format_args!("{}{{{{\"{}\"}}}}", id('t', tag), for_mermaid(tag)));
        }
        for GraphFunction { path, name, key, .. } in &self.functions {
            let (name, key, style) = (for_mermaid(name), for_mermaid(key), dashed(alone.contains(&path.as_str())));
            line(&mut text, format_args!("{}[\"{name}<br/>{key}\"]{style}", id('f', path)));
        }
        for edge in self.edges() {
            match edge {
                Edge::Emits(from, to) => line(&mut text, format_args!("{} --> {}", id('w', from), id('e', to))),
                Edge::Puts(from, to) => line(&mut text, format_args!("{} ==> {}", id('w', from), id('f', to))),
                Edge::Cascades(from, to) => line(&mut text, format_args!("{} -.-> {}", id('e', from), id('e', to))),
                Edge::Tags(from, to) => line(&mut text, format_args!("{} --> {}", id('t', from), id('f', to))),
                Edge::Invalidates(from, to, fields) => {
                    let fields = for_mermaid(&bound(fields));
                    line(&mut text, format_args!("{} -- \"{fields}\" --> {}", id('e', from), id('f', to)));
                }
            }
        }
        text.push_str("    classDef dashed stroke-dasharray: 4\n");
        text
    }

    /// The graph in the language of Graphviz: `dot -Tsvg`. Dead events and functions that are never invalidated are
    /// dashed.
    pub fn dot(&self) -> String {
        let mut text = String::from("digraph cache {\n    rankdir=LR\n");
        let (dead, alone) = (self.dead_events(), self.never_invalidated());
        let dashed = |is: bool| if is { " style=dashed" } else { "" };
        for GraphWriter { path, .. } in &self.writers {
            line(&mut text, format_args!("{} [shape=cds label={}]", node("writer", path), quoted(path)));
        }
        for GraphEvent { name, .. } in &self.events {
            let style = dashed(dead.contains(&name.as_str()));
            line(&mut text, format_args!("{} [shape=oval label={}{style}]", node("event", name), quoted(name)));
        }
        for tag in self.tags() {
            line(&mut text, format_args!("{} [shape=hexagon label={}]", node("tag", tag), quoted(tag)));
        }
        for GraphFunction { path, name, key, .. } in &self.functions {
            let (label, style) = (quoted(&format!("{name}\n{key}")), dashed(alone.contains(&path.as_str())));
            line(&mut text, format_args!("{} [shape=box label={label}{style}]", node("function", path)));
        }
        for edge in self.edges() {
            let (from, to, style) = match edge {
                Edge::Emits(from, to) => (node("writer", from), node("event", to), String::new()),
                Edge::Puts(from, to) => (node("writer", from), node("function", to), " [style=bold]".to_owned()),
                Edge::Cascades(from, to) => (node("event", from), node("event", to), " [style=dotted]".to_owned()),
                Edge::Tags(from, to) => (node("tag", from), node("function", to), String::new()),
                Edge::Invalidates(from, to, fields) => {
                    (node("event", from), node("function", to), format!(" [label={}]", quoted(&bound(fields))))
                }
            };
            line(&mut text, format_args!("{from} -> {to}{style}"));
        }
        text.push_str("}\n");
        text
    }

    /// The graph as JSON: an object with `functions`, `events`, `writers`, and what is worth a look: `dead_events`,
    /// `unemitted_events`, `never_invalidated` and `overlapping_keys`.
    pub fn json(&self) -> String {
        let function = |function: &GraphFunction| {
            let bound = |(event, fields): &(String, Vec<String>)| {
                object(&[("event", quoted(event)), ("fields", texts(fields.iter()))])
            };
            object(&[
                ("path", quoted(&function.path)),
                ("name", quoted(&function.name)),
                ("key", quoted(&function.key)),
                ("listens_to", array(function.listens_to.iter().map(bound))),
                ("tags", texts(function.tags.iter())),
            ])
        };
        let event = |event: &GraphEvent| {
            object(&[
                ("name", quoted(&event.name)),
                ("declared", event.declared.to_string()),
                ("fields", texts(event.fields.iter())),
                ("cascades_to", texts(event.cascades_to.iter())),
            ])
        };
        let writer = |writer: &GraphWriter| {
            let (emits, puts) = (texts(writer.emits.iter()), texts(writer.puts.iter()));
            object(&[("path", quoted(&writer.path)), ("emits", emits), ("puts", puts)])
        };
        let overlaps = self.overlapping_keys.iter().map(|(left, right)| texts([left, right].into_iter()));
        let sections = [
            ("functions", lines(self.functions.iter().map(function))),
            ("events", lines(self.events.iter().map(event))),
            ("writers", lines(self.writers.iter().map(writer))),
            ("dead_events", lines(self.dead_events().into_iter().map(quoted))),
            ("unemitted_events", lines(self.unemitted_events().into_iter().map(quoted))),
            ("never_invalidated", lines(self.never_invalidated().into_iter().map(quoted))),
            ("overlapping_keys", lines(overlaps)),
        ];
        let sections = sections.map(|(name, list)| format!("  {}: {list}", quoted(name)));
        format!("{{\n{}\n}}\n", sections.join(",\n"))
    }

    fn edges(&self) -> impl Iterator<Item = Edge<'_>> {
        let writers = self.writers.iter().flat_map(|writer| {
            let emits = writer.emits.iter().map(|event| Edge::Emits(&writer.path, event));
            emits.chain(writer.puts.iter().map(|function| Edge::Puts(&writer.path, function)))
        });
        let cascades = self
            .events
            .iter()
            .flat_map(|event| event.cascades_to.iter().map(|target| Edge::Cascades(&event.name, target)));
        let functions = self.functions.iter().flat_map(|function| {
            let heard = function.listens_to.iter();
            let heard = heard.map(|(event, fields)| Edge::Invalidates(event, &function.path, fields));
            heard.chain(function.tags.iter().map(|tag| Edge::Tags(tag, &function.path)))
        });
        writers.chain(cascades).chain(functions)
    }

    fn tags(&self) -> std::collections::BTreeSet<&String> {
        self.functions.iter().flat_map(|function| &function.tags).collect()
    }
}

/// What an edge from an event to a function is labelled with.
fn bound(fields: &[String]) -> String {
    if fields.is_empty() { "*".to_owned() } else { fields.join(", ") }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "    {line}").expect("writing to a string does not fail");
}

/// A name that Mermaid takes, different for different texts.
fn id(kind: char, text: &str) -> String {
    let mut id = format!("{kind}_");
    for c in text.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' => id.push(c),
            '_' => id.push_str("__"),
            ':' => id.push_str("_s"),
            _ => write!(id, "_{:x}_", u32::from(c)).expect("writing to a string does not fail"),
        }
    }
    id
}

fn for_mermaid(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '#' => safe.push_str("#35;"),
            '"' => safe.push_str("#quot;"),
            '<' => safe.push_str("#lt;"),
            '>' => safe.push_str("#gt;"),
            '&' => safe.push_str("#amp;"),
            _ => safe.push(c),
        }
    }
    safe
}

fn node(kind: &str, name: &str) -> String {
    quoted(&format!("{kind} {name}"))
}

/// In double quotes, as JSON has it and DOT understands.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            c if c < ' ' => write!(quoted, "\\u{:04x}", u32::from(c)).expect("writing to a string does not fail"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn object(members: &[(&str, String)]) -> String {
    let members: Vec<_> = members.iter().map(|(name, value)| format!("{}: {value}", quoted(name))).collect();
    format!("{{ {} }}", members.join(", "))
}

fn array(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn texts<'a>(items: impl Iterator<Item = &'a String>) -> String {
    array(items.map(|item| quoted(item)))
}

/// An array with a line for each item, so that a diff shows what came and went.
fn lines(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.map(|item| format!("\n    {item}")).collect();
    if items.is_empty() { "[]".to_owned() } else { format!("[{}\n  ]", items.join(",")) }
}
