//! Reading `.gto-policy.yaml`: every key is known or refused, with its line and column.

use std::fmt;

use crate::text::printable;
use crate::yaml::{self, Node, Problem, Value};

use super::baseline::Baseline;
use super::people::{Group, Member};
use super::rule::{
    Approvals, BreakGlass, EventWord, Freeze, Guard, Place, Policy, Prerelease, Rule, Service, VersionRule,
};
use super::span::{Moment, Span};

/// More rules, or members of a list, are refused: each event is held against each rule.
const MAX_ITEMS: usize = 1_000;

/// A policy that cannot be used: nothing is written then, and readers that want the policy fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct PolicyError {
    /// What is wrong, in one clause.
    pub message: String,
    /// The line, from 1; 0 where none is known.
    pub line: usize,
    /// The column, from 1; 0 where none is known.
    pub column: usize,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the policy '{}' cannot be used: {}", Policy::FILE_NAME, self.reason())
    }
}

impl PolicyError {
    /// The place and what is wrong there, for whoever knows the file.
    pub fn reason(&self) -> String {
        match self.line {
            0 => self.message.clone(),
            line => format!("line {line}, column {}: {}", self.column, self.message),
        }
    }
}

impl From<Problem> for PolicyError {
    fn from(problem: Problem) -> Self {
        Self { message: problem.message, line: problem.line, column: problem.column }
    }
}

type Read<T> = Result<T, Problem>;

impl Policy {
    /// Reads a policy; its baseline is empty.
    ///
    /// # Errors
    /// The first thing that is no YAML, no key of the language, or no value of a key.
    pub fn read(bytes: &[u8]) -> Result<Self, PolicyError> {
        if bytes.len() > Self::MAX_SIZE {
            return Err(Problem::nowhere(format!("it is larger than {} MiB", Self::MAX_SIZE >> 20)).into());
        }
        let root = yaml::parse(bytes, Self::MAX_SIZE)?;
        let Some(root) = root else {
            return Err(Problem::nowhere("it is empty; the least is `version: 1`").into());
        };
        if let Some(problem) = root.problem() {
            return Err(problem.into());
        }
        Ok(policy(&root)?)
    }
}

/// The keys of the file, of a rule, and of the mappings in them: the JSON schema for editors is checked against these.
pub(super) const KEYS: &[(&str, &[&str])] = &[
    (
        "the policy",
        &["version", "registry", "groups", "policy", "rules", "break_glass", "service", "max_age"],
    ),
    ("policy", &["by", "signature"]),
    ("break_glass", &["by", "reason"]),
    ("service", &["by"]),
    (
        "a rule",
        &[
            "artifact",
            "stage",
            "event",
            "from",
            "from_all",
            "soak",
            "branches",
            "by",
            "signature",
            "unsigned",
            "approvals",
            "version",
            "freeze",
            "rollback",
            "pusher",
        ],
    ),
    ("approvals", &["count", "by", "not_self"]),
    ("version", &["range", "prerelease"]),
    ("freeze", &["from", "to"]),
];

/// The entries of a mapping, all of whose keys are known.
struct Fields<'a> {
    node: &'a Node,
    entries: Vec<(&'a str, &'a Node)>,
}

impl<'a> Fields<'a> {
    fn of(node: &'a Node, what: &str) -> Read<Self> {
        let Value::Map(map) = &node.value else {
            return Err(node.complain(format!("{what} is a mapping of keys to values, not {}", node.kind())));
        };
        let known = KEYS.iter().find(|(name, _)| *name == what).map_or(&[][..], |(_, keys)| *keys);
        let mut entries = Vec::with_capacity(map.len());
        for (key, value) in map {
            let text = key.as_text().unwrap_or_default();
            if !known.contains(&text) {
                let name = key.key().map_or_else(|_| String::new(), |name| printable(&name));
                let keys = known.join("', '");
                return Err(key.complain(format!("unknown key '{name}' in {what}; its keys are '{keys}'")));
            }
            entries.push((text, value));
        }
        Ok(Self { node, entries })
    }

    fn get(&self, key: &str) -> Option<&'a Node> {
        self.entries.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    fn need(&self, key: &str, what: &str) -> Read<&'a Node> {
        self.get(key).ok_or_else(|| self.node.complain(format!("{what} has no `{key}`")))
    }

    fn read<T>(&self, key: &str, read: impl FnOnce(&'a Node, &str) -> Read<T>) -> Read<Option<T>> {
        self.get(key).map(|node| read(node, key)).transpose()
    }

    fn list<T>(&self, key: &str, read: impl Fn(&'a Node, &str) -> Read<T>) -> Read<Vec<T>> {
        Ok(self.read(key, |node, key| list(node, key, read))?.unwrap_or_default())
    }
}

fn policy(root: &Node) -> Read<Policy> {
    let fields = Fields::of(root, "the policy")?;
    let version = fields.need("version", "the policy")?;
    if !matches!(&version.value, Value::Number(number) if number.as_u64() == Some(1)) {
        return Err(version.complain("`version` is 1: this gto knows no other version of the language"));
    }
    let groups = fields.read("groups", |node, _| groups(node))?.unwrap_or_default();
    let policy = Policy {
        registry: fields.read("registry", registry)?,
        guard: fields.read("policy", |node, _| guard(node))?,
        rules: fields.list("rules", |node, _| rule(node))?,
        break_glass: fields.read("break_glass", |node, _| break_glass(node))?,
        service: fields.read("service", |node, _| service(node))?,
        max_age: fields.read("max_age", span)?.unwrap_or(Span::seconds(3_600)),
        groups,
        baseline: Baseline::default(),
    };
    check_groups(root, &policy)?;
    Ok(policy)
}

/// Every group that is named exists; a rule that names none that does can be fulfilled by nobody.
fn check_groups(root: &Node, policy: &Policy) -> Read<()> {
    let of_rules = policy.rules.iter().flat_map(|rule| {
        let approvers = rule.approvals.iter().flat_map(|approvals| &approvals.by);
        rule.by.iter().chain(approvers).map(|name| (rule.place, name))
    });
    let of_guard = policy.guard.iter().flat_map(|guard| guard.by.iter().map(|name| (guard.place, name)));
    let of_glass =
        policy.break_glass.iter().flat_map(|glass| glass.by.iter().map(|name| (glass.place, name)));
    let of_service =
        policy.service.iter().flat_map(|service| service.by.iter().map(|name| (service.place, name)));
    let named = of_rules.chain(of_guard).chain(of_glass).chain(of_service);
    let unknown = { named }.find(|(_, name)| policy.group(name).is_none());
    unknown.map_or(Ok(()), |(place, name)| {
        let known: Vec<&str> = policy.groups.iter().map(|group| group.name.as_str()).collect();
        let known = if known.is_empty() {
            "there are no groups".to_owned()
        } else {
            format!("groups: '{}'", known.join("', '"))
        };
        let message = format!("unknown group '{}' ({known})", printable(name));
        Err(Problem { message, line: place.line, column: root.column })
    })
}

fn registry(node: &Node, key: &str) -> Read<String> {
    let name = text(node, key)?;
    let is_plain =
        !name.is_empty() && name.len() <= 200 && !name.chars().any(|c| c.is_whitespace() || c.is_control());
    if is_plain { Ok(name.to_owned()) } else { Err(node.complain("`registry` is a name without spaces")) }
}

fn groups(node: &Node) -> Read<Vec<Group>> {
    let Value::Map(entries) = &node.value else {
        return Err(
            node.complain(format!("`groups` is a mapping of names to lists of members, not {}", node.kind()))
        );
    };
    let group = |(key, members): &(Node, Node)| {
        let name = key.as_text().ok_or_else(|| key.complain("the name of a group is a text"))?;
        let members = list(members, name, |node, _| {
            text(node, "member")
                .and_then(|text| text.parse::<Member>().map_err(|message| node.complain(message)))
        })?;
        if members.is_empty() {
            return Err(key.complain(format!("group '{}' has no members: nobody is in it", printable(name))));
        }
        Ok(Group { name: name.to_owned(), members, line: key.line })
    };
    if entries.len() > MAX_ITEMS {
        return Err(node.complain(format!("more than {MAX_ITEMS} groups")));
    }
    entries.iter().map(group).collect()
}

fn guard(node: &Node) -> Read<Guard> {
    let fields = Fields::of(node, "policy")?;
    word(fields.need("signature", "`policy`")?, "signature", &["required"])?;
    fields.need("by", "`policy`")?;
    Ok(Guard { place: place(node), by: names(&fields, "by")? })
}

fn break_glass(node: &Node) -> Read<BreakGlass> {
    let fields = Fields::of(node, "break_glass")?;
    word(fields.need("reason", "`break_glass`")?, "reason", &["required"])?;
    fields.need("by", "`break_glass`")?;
    Ok(BreakGlass { place: place(node), by: names(&fields, "by")? })
}

fn service(node: &Node) -> Read<Service> {
    let fields = Fields::of(node, "service")?;
    fields.need("by", "`service`")?;
    Ok(Service { place: place(node), by: names(&fields, "by")? })
}

fn rule(node: &Node) -> Read<Rule> {
    let fields = Fields::of(node, "a rule")?;
    let parsed =
        |what: &'static str| move |node: &Node, key: &str| -> Read<_> { stage_name(node, key, what) };
    let rule = Rule {
        place: place(node),
        artifact: fields.read("artifact", glob)?.unwrap_or_else(super::Glob::everything),
        stage: fields.read("stage", parsed("a stage"))?,
        events: fields.list("event", event)?,
        from: fields.list("from", parsed("a stage"))?,
        from_all: fields.list("from_all", parsed("a stage"))?,
        soak: fields.read("soak", span)?,
        branches: fields.list("branches", glob)?,
        by: names(&fields, "by")?,
        signature: fields.read("signature", |node, key| word(node, key, &["required"]))?.is_some(),
        trusts_unsigned: fields.read("unsigned", |node, key| word(node, key, &["trust"]))?.is_some(),
        approvals: fields.read("approvals", |node, _| approvals(node))?,
        version: fields.read("version", |node, _| version(node))?,
        freeze: fields.read("freeze", |node, _| freeze(node))?,
        rollback: fields.read("rollback", |node, key| word(node, key, &["allow"]))?.is_some(),
        pusher: fields.list("pusher", |node, key| text(node, key).map(str::to_owned))?,
    };
    check_rule(&fields, &rule)?;
    Ok(rule)
}

/// What makes no sense together is refused: such a rule would not do what its author thinks.
fn check_rule(fields: &Fields<'_>, rule: &Rule) -> Read<()> {
    let complain = |message: &str| Err(fields.node.complain(message));
    if rule.stage.is_none() && rule.events.is_empty() {
        return complain("a rule has a `stage`, an `event`, or both");
    }
    if rule.soak.is_some() && rule.from.is_empty() && rule.from_all.is_empty() {
        return complain("`soak` needs `from` or `from_all`: the stages where the version was shown");
    }
    if rule.trusts_unsigned && rule.signature {
        return complain("`unsigned: trust` and `signature: required` exclude each other");
    }
    if rule.rollback && rule.stage.is_none() {
        return complain("`rollback` needs a `stage`: where the version comes back");
    }
    if rule.approvals.is_some() && rule.stage.is_none() {
        return complain("`approvals` needs a `stage`: what is approved is a version for a stage");
    }
    for key in ["from", "from_all", "branches", "by", "event", "pusher"] {
        if let Some(node) = fields.get(key)
            && matches!(&node.value, Value::List(items) if items.is_empty())
        {
            return Err(node.complain(format!("`{key}` is empty: leave it out, or name what is meant")));
        }
    }
    if rule.is_about_deletion() {
        return check_deletion(fields, rule);
    }
    if fields.get("pusher").is_some() {
        return complain("`pusher` is for `event: delete`: who made a tag is in the tag, see `by`");
    }
    Ok(())
}

fn check_deletion(fields: &Fields<'_>, rule: &Rule) -> Read<()> {
    if rule.events.len() > 1 {
        return Err(fields.node.complain("`event: delete` is a rule of its own: a deletion has no signer"));
    }
    let senseless =
        fields.entries.iter().find(|(key, _)| !matches!(*key, "artifact" | "stage" | "event" | "pusher"));
    senseless.map_or(Ok(()), |(key, node)| {
        Err(node.complain(format!("`{key}` is not for `event: delete`; `pusher` says who may delete")))
    })
}

fn approvals(node: &Node) -> Read<Approvals> {
    let fields = Fields::of(node, "approvals")?;
    let count = fields.read("count", |node, _| match &node.value {
        Value::Number(number) => {
            let count = number.as_u64().and_then(|count| usize::try_from(count).ok());
            count
                .filter(|count| (1..=100).contains(count))
                .ok_or_else(|| node.complain("`count` is from 1 to 100"))
        }
        _ => Err(node.complain(format!("`count` is a number, not {}", node.kind()))),
    })?;
    let not_self = fields.read("not_self", |node, _| match node.value {
        Value::Bool(flag) => Ok(flag),
        _ => Err(node.complain(format!("`not_self` is true or false, not {}", node.kind()))),
    })?;
    Ok(Approvals {
        count: count.unwrap_or(1),
        by: names(&fields, "by")?,
        not_self: not_self.unwrap_or(false),
    })
}

fn version(node: &Node) -> Read<VersionRule> {
    let fields = Fields::of(node, "version")?;
    let range = fields.read("range", |node, key| {
        let range = text(node, key)?;
        if range.len() > 256 {
            return Err(node.complain("`range` is longer than 256 characters"));
        }
        range.parse::<semver::VersionReq>().map_err(|error| {
            node.complain(format!(
                "`range` is one such as '>=1.0.0, <3', and '{}' is none ({error})",
                printable(range)
            ))
        })
    })?;
    let prerelease = match fields.read("prerelease", |node, key| word(node, key, &["allow", "deny"]))? {
        Some("deny") => Prerelease::Deny,
        _ => Prerelease::Allow,
    };
    if range.is_none() && prerelease == Prerelease::Allow {
        return Err(node.complain("`version` has a `range`, `prerelease: deny`, or both"));
    }
    Ok(VersionRule { range, prerelease })
}

fn freeze(node: &Node) -> Read<Freeze> {
    let fields = Fields::of(node, "freeze")?;
    let moment = |key: &str| -> Read<Moment> {
        let node = fields.need(key, "`freeze`")?;
        let moment = text(node, key)?;
        let invalid = || {
            let shown = printable(moment);
            node.complain(format!(
                "`{key}` is a day such as 2026-12-20, or a time of it, in UTC; '{shown}' is none"
            ))
        };
        moment.parse().map_err(|()| invalid())
    };
    let (from, to) = (moment("from")?, moment("to")?);
    if from.first > to.last {
        return Err(node.complain("`freeze` ends before it begins"));
    }
    Ok(Freeze { from, to })
}

fn place(node: &Node) -> Place {
    Place { line: node.line }
}

fn text<'a>(node: &'a Node, key: &str) -> Read<&'a str> {
    node.as_text().ok_or_else(|| node.complain(format!("`{key}` is a text, not {}", node.kind())))
}

/// A list, or one item alone.
fn list<'a, T>(node: &'a Node, key: &str, read: impl Fn(&'a Node, &str) -> Read<T>) -> Read<Vec<T>> {
    match &node.value {
        Value::List(items) if items.len() > MAX_ITEMS => {
            Err(node.complain(format!("more than {MAX_ITEMS} items in `{}`", printable(key))))
        }
        Value::List(items) => items.iter().map(|item| read(item, key)).collect(),
        _ => Ok(vec![read(node, key)?]),
    }
}

fn names(fields: &Fields<'_>, key: &str) -> Read<Vec<String>> {
    fields.list(key, |node, key| text(node, key).map(str::to_owned))
}

fn stage_name(node: &Node, key: &str, what: &str) -> Read<crate::name::StageName> {
    let name = text(node, key)?;
    name.parse().map_err(|_| node.complain(format!("'{}' is no name of {what}", printable(name))))
}

fn glob(node: &Node, key: &str) -> Read<super::Glob> {
    text(node, key)?.parse().map_err(|error: super::InvalidGlob| node.complain(error.to_string()))
}

fn event(node: &Node, key: &str) -> Read<EventWord> {
    let words = EventWord::ALL.map(|(word, _)| word);
    let found = word(node, key, &words)?;
    Ok(EventWord::ALL
        .into_iter()
        .find(|(word, _)| *word == found)
        .map_or(EventWord::Delete, |(_, event)| event))
}

fn span(node: &Node, key: &str) -> Read<Span> {
    let written = match &node.value {
        Value::Number(number) => number.to_string(),
        _ => text(node, key)?.to_owned(),
    };
    written.parse().map_err(|()| {
        node.complain(format!(
            "`{key}` is a time such as 30m, 24h, 7d or 1d12h, and '{}' is none",
            printable(&written)
        ))
    })
}

/// One of these words.
fn word<'a>(node: &'a Node, key: &str, words: &[&str]) -> Read<&'a str> {
    let found = text(node, key)?;
    if words.contains(&found) {
        return Ok(found);
    }
    let words = words.join("` or `");
    Err(node.complain(format!("`{key}` is `{words}`, not '{}'", printable(found))))
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::KEYS;

    #[test]
    fn the_schema_for_editors_has_the_keys_of_the_reader() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/gto-policy.schema.json");
        let schema: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let rule = &schema["properties"]["rules"]["items"];
        for (what, keys) in KEYS {
            let object = match *what {
                "the policy" => &schema,
                "a rule" => rule,
                "policy" | "break_glass" | "service" => &schema["properties"][what],
                inner => &rule["properties"][inner],
            };
            let mut found: Vec<&str> =
                object["properties"].as_object().unwrap().keys().map(String::as_str).collect();
            let mut keys = keys.to_vec();
            found.sort_unstable();
            keys.sort_unstable();
            assert_eq!(found, keys, "{what}");
            assert_eq!(object["additionalProperties"], false, "{what}");
        }
    }
}
