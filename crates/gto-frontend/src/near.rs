//! Whether one name is a typing error away from another.
//!
//! Owns that measure. It is stricter than the one for hints after an error, since a user who typed the right name is asked, too.
//! Names of a series (`model-1`, `model-2`, `model-a`) are not typing errors of each other.

/// Whether `name` is likely to be another one mistyped: the same but for its case and separators, or one or two letters that were
/// left out, added, changed or swapped.
#[must_use]
pub fn is_near(name: &str, other: &str) -> bool {
    if name == other {
        return false;
    }
    let (name, other) = (name.to_lowercase(), other.to_lowercase());
    let (parts, others) = (parts(&name), parts(&other));
    if parts.concat() == others.concat() {
        return true;
    }
    if parts.len() != others.len() {
        return false;
    }
    let mut differing = parts.iter().zip(&others).filter(|(part, other)| part != other);
    match (differing.next(), differing.next()) {
        (Some((part, other)), None) => is_mistyped(part, other),
        _ => false,
    }
}

/// The number of letters that were left out, added, changed or swapped.
#[must_use]
pub fn distance(typed: &str, other: &str) -> usize {
    strsim::osa_distance(typed, other)
}

fn parts(name: &str) -> Vec<&str> {
    name.split(['-', '_', '/', ':', '.']).collect()
}

fn is_mistyped(part: &str, other: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    if letters(part) == letters(other) {
        return false;
    }
    let length = part.chars().count().min(other.chars().count());
    let allowed = match length {
        0..=2 => 0,
        3..=4 => 1,
        _ => 2,
    };
    distance(part, other) <= allowed
}

#[cfg(test)]
mod tests {
    use super::is_near;

    #[test]
    fn a_typing_error_is_near() {
        for (name, other) in [
            ("chrun-model", "churn-model"),
            ("churnmodel", "churn-model"),
            ("churn_model", "churn-model"),
            ("Churn-Model", "churn-model"),
            ("churn-modle", "churn-model"),
            ("nlp/sentimnet", "nlp/sentiment"),
            ("pord", "prod"),
            ("prd", "prod"),
            ("stagng", "staging"),
        ] {
            assert!(is_near(name, other), "{name} {other}");
        }
    }

    #[test]
    fn what_belongs_to_a_series_or_is_another_word_is_not() {
        for (name, other) in [
            ("model", "model"),
            ("model-1", "model-2"),
            ("model1", "model12"),
            ("model-a", "model-b"),
            ("churn-eu", "churn-us"),
            ("churn-model", "churn-model-2"),
            ("model", "churn-model"),
            ("dev", "prod"),
            ("a", "b"),
            ("x1", "y1"),
        ] {
            assert!(!is_near(name, other), "{name} {other}");
        }
    }
}
