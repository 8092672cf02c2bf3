//! How long ago something was, for people.

use gto::time::Timestamp;

/// The time in its largest unit: `3 h`, `5 d`.
pub fn of(seconds: i64) -> String {
    const UNITS: [(i64, &str); 5] =
        [(365 * 86_400, "y"), (30 * 86_400, "mo"), (86_400, "d"), (3600, "h"), (60, "min")];
    let seconds = seconds.max(0);
    UNITS
        .iter()
        .find(|(size, _)| seconds >= *size)
        .map_or_else(|| "just now".to_owned(), |(size, unit)| format!("{} {unit}", seconds / size))
}

/// How long ago a time was; what is to come is now, since clocks differ.
pub fn since(now: Timestamp, then: Timestamp) -> String {
    let text = of(now.seconds().saturating_sub(then.seconds()));
    if text == "just now" { text } else { format!("{text} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_in_the_largest_unit() {
        let texts = [-5, 59, 60, 3600, 86_399, 86_400, 40 * 86_400, 800 * 86_400].map(of);
        assert_eq!(texts, ["just now", "just now", "1 min", "1 h", "23 h", "1 d", "1 mo", "2 y"]);
    }
}
