//! The likely intent of a tag that almost has a registry name.
//!
//! Owns guessing. A guess is a name that parses, never an event.

use crate::name::{ArtifactName, StageName};
use crate::tag::{Action, TagName};
use crate::version::Version;

/// The tag that was probably meant: `m@v1.0.0` for `m@1.0.0`, `m@V1`, `m@v1.0.0#`.
pub(super) fn meant(text: &str) -> Option<TagName> {
    let (artifact, rest) = text.split_at(text.find(['#', '@'])?);
    let artifact = ArtifactName::from_tag(artifact)?;
    let is_stage = rest.starts_with('#');
    let (body, counter) = rest[1..].split_once('#').unwrap_or((&rest[1..], ""));
    let value = body.trim_end_matches('!');
    let cancel = value.len() < body.len();
    let action = if is_stage {
        let stage: StageName = value.trim_matches(|c: char| !c.is_ascii_alphanumeric()).parse().ok()?;
        if cancel { Action::Unassign(stage) } else { Action::Assign(stage) }
    } else if matches!(value.to_ascii_lowercase().as_str(), "deprecated" | "deprecate") {
        Action::Deprecate
    } else {
        let version = version(value)?;
        if cancel { Action::Deregister(version) } else { Action::Register(version) }
    };
    Some(TagName { artifact, action, counter: counter.parse().ok() })
}

/// A version with what is missing or too much put right: the `v`, zeros at the end, zeros in front.
fn version(text: &str) -> Option<Version> {
    let text = text.trim_start_matches(['v', 'V']).trim_start_matches('.');
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let mut numbers: Vec<String> = numbers
        .split('.')
        .map(|number| number.parse::<u64>().ok().map(|n| n.to_string()))
        .collect::<Option<_>>()?;
    while numbers.len() < 3 {
        numbers.push("0".to_owned());
    }
    format!("v{}{rest}", numbers.join(".")).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tag::looks_like_registry_tag;

    #[test]
    fn a_tag_that_is_nearly_right_is_guessed() {
        for (text, expected) in [
            ("m@1.0.0", "m@v1.0.0"),
            ("m@v1", "m@v1.0.0"),
            ("m@V1.2", "m@v1.2.0"),
            ("m@v1.0.0#", "m@v1.0.0"),
            ("m@v1.0.0#x", "m@v1.0.0"),
            ("m@1.0.0!#5", "m@v1.0.0!#5"),
            ("m@v01.2.3-rc.1+b", "m@v1.2.3-rc.1+b"),
            ("d=m@deprecated!", "d=m@deprecated"),
            ("m@Deprecated", "m@deprecated"),
            ("m#prod!!", "m#prod!"),
            ("m#-prod-#3", "m#prod#3"),
        ] {
            assert!(looks_like_registry_tag(text), "{text}");
            let guess = meant(text).map(|name| name.to_string());
            assert_eq!(guess.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_nobody_can_guess_is_not_guessed() {
        for text in ["m@banana", "m@v1.2.3.4", "m@v1.0.0-01", "m#!", "m@!", "m#é", "a b@v1", "m"] {
            assert_eq!(meant(text), None, "{text}");
        }
    }
}
