//! Which items of a list are still there after a change, and where.
//!
//! Owns the choice alone: nothing of text, and nothing of what is done with the items. The editor and the check of the
//! comments choose by it alike.

/// Larger tables are not made. What changed is then taken for gone and new as a whole.
const MAX_TABLE: usize = 1 << 20;

/// For each old item its place among the new ones, in rising order; `None` if it is gone. The longest run of `same` items
/// stays, and of what is left between them, those that stand at the same place and are `alike` have changed within.
pub(super) fn align<A, B>(
    old: &[A],
    new: &[B],
    same: impl Fn(&A, &B) -> bool,
    alike: impl Fn(&A, &B) -> bool,
) -> Vec<Option<usize>> {
    let start = old.iter().zip(new).take_while(|(a, b)| same(a, b)).count();
    let ends = old[start..].iter().rev().zip(new[start..].iter().rev());
    let end = ends.take_while(|(a, b)| same(a, b)).count();
    let mut places: Vec<Option<usize>> = (0..start).map(Some).collect();
    let middle = common(&old[start..old.len() - end], &new[start..new.len() - end], same);
    places.extend(middle.into_iter().map(|place| place.map(|place| start + place)));
    places.extend((new.len() - end..new.len()).map(Some));
    pair_what_is_left(&mut places, new.len(), |a, b| alike(&old[a], &new[b]));
    places
}

/// The longest common subsequence.
fn common<A, B>(old: &[A], new: &[B], same: impl Fn(&A, &B) -> bool) -> Vec<Option<usize>> {
    let mut places = vec![None; old.len()];
    let width = new.len() + 1;
    if (old.len() + 1).saturating_mul(width) > MAX_TABLE {
        return places;
    }
    // How much the items from there on have in common.
    let mut lengths = vec![0_u32; (old.len() + 1) * width];
    for a in (0..old.len()).rev() {
        for b in (0..new.len()).rev() {
            lengths[a * width + b] = if same(&old[a], &new[b]) {
                lengths[(a + 1) * width + b + 1] + 1
            } else {
                lengths[(a + 1) * width + b].max(lengths[a * width + b + 1])
            };
        }
    }
    let (mut a, mut b) = (0, 0);
    while a < old.len() && b < new.len() {
        if same(&old[a], &new[b]) {
            places[a] = Some(b);
            (a, b) = (a + 1, b + 1);
        } else if lengths[(a + 1) * width + b] >= lengths[a * width + b + 1] {
            a += 1;
        } else {
            b += 1;
        }
    }
    places
}

fn pair_what_is_left(places: &mut [Option<usize>], new: usize, alike: impl Fn(usize, usize) -> bool) {
    let (mut a, mut b) = (0, 0);
    while a < places.len() {
        let next = places[a..].iter().position(Option::is_some).map_or(places.len(), |found| a + found);
        let next_new = places.get(next).copied().flatten().unwrap_or(new);
        for (a, b) in (a..next).zip(b..next_new) {
            places[a] = alike(a, b).then_some(b);
        }
        (a, b) = (next + 1, next_new + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::align;

    #[test]
    fn the_longest_run_of_items_stays() {
        let places = |old: &str, new: &str| {
            let (old, new): (Vec<_>, Vec<_>) = (old.chars().collect(), new.chars().collect());
            let shown = align(&old, &new, |a, b| a == b, char::eq_ignore_ascii_case);
            shown
                .into_iter()
                .map(|place| place.map_or("-".into(), |place| place.to_string()))
                .collect::<String>()
        };
        assert_eq!(places("abc", "abc"), "012");
        assert_eq!(places("abc", "bxc"), "-02");
        assert_eq!(places("abc", "cab"), "12-");
        assert_eq!(places("aab", "ab"), "0-1");
        assert_eq!(places("abc", ""), "---");
        assert_eq!(places("xaBy", "xbbAby"), "0-25");
        assert_eq!(places(&"a".repeat(2000), &"b".repeat(2000)), "-".repeat(2000));
    }
}
