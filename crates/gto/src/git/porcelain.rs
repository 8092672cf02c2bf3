//! What `git push --porcelain` prints, and what git and the other side say beside it.
//!
//! Owns functions on text alone. All of it comes from a stranger: no line of it may count for a ref that was not pushed.

use super::said::{FAILED, clean, words, words_of_hook};

/// How a push ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Every ref is on the other side as it was to be.
    Done,
    /// Others changed these refs meanwhile, or are about to: it may go well the next time.
    Moved(String),
    /// There is a lock file on the other side: somebody else is pushing, or was and broke off.
    Locked(String),
    /// The other side does not want it.
    Refused(String),
    /// The other side cannot change several refs at once.
    NotAtomic,
    /// Git stopped before it sent anything, for which there is mostly a hook `pre-push`. What it said may be nothing.
    Held(String),
    /// It does not say. The refs may be on the other side or not.
    Unclear(String),
}

/// What is said of one ref.
#[derive(Debug, PartialEq, Eq)]
struct Line<'a> {
    flag: u8,
    summary: &'a str,
}

/// How the push of these refs (by their full names) ended, by its exit status and what it printed.
pub(super) fn outcome(succeeded: bool, printed: &str, said: &str, refs: &[String]) -> Outcome {
    if !succeeded && said.contains("does not support --atomic push") {
        return Outcome::NotAtomic;
    }
    let lines: Vec<Line> = refs.iter().filter_map(|name| find(printed, name)).collect();
    let rejections: Vec<&str> =
        lines.iter().filter(|line| line.flag == b'!').map(|line| reason(line.summary)).collect();
    let telling = |why: &str| {
        let words = words(said);
        let why = clean(why);
        match (why.is_empty(), words.is_empty()) {
            (true, _) => words,
            (false, true) => why,
            // Several lines are shown as they are.
            (false, false) if words.contains('\n') => format!("{why}\n{words}"),
            (false, false) => format!("{why}: {words}"),
        }
    };
    if rejections.is_empty() {
        return match succeeded && lines.len() == refs.len() {
            // What was there already is not what this push made, even if it is the same to the byte.
            true if lines.iter().all(|line| line.flag == b'=') => Outcome::Moved("already exists".to_owned()),
            true => Outcome::Done,
            false if is_held(succeeded, printed, said) => {
                Outcome::Held(words_of_hook(&all_said(printed, said)))
            }
            false => Outcome::Unclear(telling("")),
        };
    }
    if rejections.iter().any(|why| is_unclear(why)) {
        return Outcome::Unclear(telling(""));
    }
    // With `--atomic` the others are rejected because one was.
    match rejections.iter().find(|why| !is_moved(why) && !is_follow_up(why)) {
        Some(refused) => Outcome::Refused(telling(refused)),
        None => match rejections.iter().find(|why| is_moved(why)) {
            Some(moved) => match lock_file(said) {
                Some(line) => Outcome::Locked(words(line)),
                None => Outcome::Moved(telling(moved)),
            },
            None => Outcome::Refused(telling(rejections[0])),
        },
    }
}

/// `FLAG <tab> FROM:TO <tab> SUMMARY` for the ref TO (git-push(1), "OUTPUT").
fn find<'a>(printed: &'a str, name: &str) -> Option<Line<'a>> {
    // Of several the last: what hooks print comes before git's report.
    printed.lines().rev().find_map(|line| {
        let mut fields = line.splitn(3, '\t');
        let (flag, refs, summary) = (fields.next()?, fields.next()?, fields.next()?);
        let (_, to) = refs.split_once(':')?;
        let &[flag] = flag.as_bytes() else { return None };
        (to == name).then_some(Line { flag, summary })
    })
}

/// `[rejected] (already exists)` without the ornaments.
fn reason(summary: &str) -> &str {
    let inner = summary.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or_else(|| summary.trim_start_matches('[').trim_end_matches(']'))
}

/// Reasons that another writer gives: seen by our git before it pushed, or by the other side, which locks what it writes.
fn is_moved(reason: &str) -> bool {
    const EXACTLY: [&str; 8] = [
        "already exists",
        "stale info",
        "fetch first",
        "non-fast-forward",
        "needs force",
        "remote ref updated since checkout",
        "failed to update ref",
        "atomic transaction failed",
    ];
    const PARTS: [&str; 4] =
        ["cannot lock ref", "failed to lock", "reference already exists", "incorrect old value provided"];
    EXACTLY.contains(&reason) || PARTS.iter().any(|part| reason.contains(part))
}

/// The line that says which lock file is in the way.
fn lock_file(said: &str) -> Option<&str> {
    said.lines().find(|line| line.contains("Unable to create '") && line.contains(".lock': File exists"))
}

/// Whether git did not get as far as to say where it pushes to, and yet came to its end.
fn is_held(succeeded: bool, printed: &str, said: &str) -> bool {
    let last = said.trim_end().lines().next_back().unwrap_or_default();
    !succeeded && last.starts_with(FAILED) && !printed.lines().any(|line| line.starts_with("To "))
}

/// What was said on both channels before git's own report: a hook `pre-push` can use either.
fn all_said(printed: &str, said: &str) -> String {
    let printed = printed.lines().take_while(|line| !line.starts_with("To "));
    said.lines().chain(printed).collect::<Vec<_>>().join("\n")
}

/// What is said of a ref that nothing is wrong with.
fn is_follow_up(reason: &str) -> bool {
    matches!(reason, "atomic push failed" | "atomic push failure")
}

/// The other side took the refs and never said what it did with them.
fn is_unclear(reason: &str) -> bool {
    reason.contains("failed to report status") || reason == "remote failure"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refs(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| format!("refs/tags/{name}")).collect()
    }

    /// The printed texts are those of git 2.47.
    #[test]
    fn what_git_prints_is_read_ref_by_ref() {
        let both = refs(&["m@v1", "m#prod#2"]);
        let result = |succeeded, lines: [&str; 2], said| {
            let line = |(line, name): (&str, &String)| {
                let (flag, summary) = line.split_once(' ').unwrap();
                format!("{flag}\t1234567:{name}\t{summary}\n")
            };
            let lines: String = lines.into_iter().zip(&both).map(line).collect();
            outcome(succeeded, &format!("To ../r.git\n{lines}Done\n"), said, &both)
        };
        let moved = |text: &str| Outcome::Moved(text.to_owned());
        let refused = |text: &str| Outcome::Refused(text.to_owned());
        assert_eq!(result(true, ["* [new tag]", "* [new tag]"], ""), Outcome::Done);
        assert_eq!(result(true, ["= [up to date]", "* [new tag]"], ""), Outcome::Done);
        assert_eq!(result(true, ["= [up to date]", "= [up to date]"], ""), moved("already exists"));
        assert_eq!(
            result(false, ["! [rejected] (stale info)", "! [rejected] (atomic push failed)"], ""),
            moved("stale info")
        );
        let locked = "remote: error: cannot lock ref 'refs/tags/m@v1': reference already exists        \n\
                      error: failed to push some refs to 'x'\n";
        let failed = "! [remote rejected] (atomic transaction failed)";
        assert_eq!(
            result(false, [failed, failed], locked),
            moved("atomic transaction failed: cannot lock ref 'refs/tags/m@v1': reference already exists")
        );
        assert_eq!(
            result(
                false,
                ["! [remote rejected] (atomic push failure)", "! [remote rejected] (hook declined)"],
                "remote: not on Fridays\nremote: error: hook declined to update refs/tags/m#prod#2\n"
            ),
            refused("hook declined: not on Fridays; hook declined to update refs/tags/m#prod#2")
        );
        // One that nobody will ever take counts more than one that moved.
        assert_eq!(
            result(
                false,
                ["! [rejected] (stale info)", "! [remote rejected] (deny updating a hidden ref)"],
                ""
            ),
            refused("deny updating a hidden ref")
        );
        let lost = "! [remote failure] (remote failed to report status)";
        let hung_up = "fatal: the remote end hung up unexpectedly\n";
        let unclear = Outcome::Unclear("the remote end hung up unexpectedly".to_owned());
        assert_eq!(result(false, [lost, lost], hung_up), unclear);
        assert_eq!(result(false, ["* [new tag]", "* [new tag]"], hung_up), unclear);
        assert_eq!(outcome(false, "", hung_up, &both), unclear);
        assert_eq!(
            outcome(false, "", "fatal: the receiving end does not support --atomic push\n", &both),
            Outcome::NotAtomic
        );
        assert_eq!(
            outcome(false, "!\t(delete):refs/tags/m@v1\t[rejected] (stale info)\n", "", &refs(&["m@v1"]),),
            moved("stale info")
        );
        let printed = "=\t1:refs/tags/m@v1\t[up to date]\n";
        assert_eq!(outcome(true, printed, "", &refs(&["m@v1"])), moved("already exists"));
    }

    proptest! {
        #[test]
        fn no_text_is_taken_for_success_but_a_line_for_each_ref(
            printed in "(([*=!+ -]|To|Done)[\t ]?[a:]{0,3}(refs/tags/m@v1)?[\t ]?\\[?[a-z ]*\\]?\n){0,4}",
            said in "\\PC{0,40}",
            succeeded: bool,
        ) {
            let found = outcome(succeeded, &printed, &said, &refs(&["m@v1", "m@v2"]));
            prop_assert_ne!(found, Outcome::Done);
        }

        #[test]
        fn any_text_is_read(printed in ".*", said in "(.|\n)*", succeeded: bool) {
            outcome(succeeded, &printed, &said, &refs(&["m@v1"]));
        }
    }
}
