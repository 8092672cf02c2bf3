//! What to do about damaged tags: what brings the first of them back, by what is wrong with it.

use std::path::Path;

use gto::damage::{Damage, DamagedTag};

use super::scene::Scene;
use super::value::{Advice, Step, advice};
use crate::text::shell_quote;

pub(super) fn of(tags: &[DamagedTag], scene: &mut dyn Scene) -> Vec<Advice> {
    let Some(first) = tags.first() else { return Vec::new() };
    let registry = scene.registry();
    let remote = registry.as_ref().filter(|registry| registry.has_remote() && registry.url().is_none());
    let remote = remote.map(|registry| registry.fetched_from().unwrap_or_else(|| registry.remote_name()));
    let refspec = shell_quote(&format!("+refs/tags/{0}:refs/tags/{0}", first.name));
    let fetch = remote.map(|remote| format!("git fetch {} {refspec}", shell_quote(&remote)));
    let mut all: Vec<Advice> = vec![first_step(&first.damage, fetch).into()];
    all.extend(registry.and_then(|registry| registry.borrowed_from()).map(|alternates| {
        format!(
            "objects are borrowed from the folders that '{}' names: are they there?",
            alternates.display()
        )
        .into()
    }));
    if tags.len() > 1 {
        all.push(advice![Step::Doctor, " shows all of them, with what to do"]);
    }
    all
}

fn first_step(damage: &Damage, fetch: Option<String>) -> String {
    let remove = |file: &Path| format!("rm {}", shell_quote(&file.display().to_string()));
    let elsewhere = "another clone may still have it";
    match (damage, fetch) {
        (Damage::Ref { file: Some(file) } | Damage::Object { file: Some(file), .. }, Some(fetch)) => {
            format!("remove the damaged file, then fetch the tag again: `{} && {fetch}`", remove(file))
        }
        (Damage::Ref { file: Some(file) }, None) => format!(
            "`{}` removes it; if the tag is not packed too, it is lost here: {elsewhere}",
            remove(file)
        ),
        (Damage::Missing { .. }, Some(fetch)) => format!("fetch the tag again: `{fetch}`"),
        (Damage::Missing { .. } | Damage::Object { file: Some(_), .. }, None) => {
            format!("`git fsck` shows what else is missing; {elsewhere}")
        }
        (Damage::Ref { file: None } | Damage::Name, _) => {
            "`git for-each-ref refs/tags` shows what Git makes of it".to_owned()
        }
        (Damage::Object { file: None, .. }, _) => {
            format!("`git fsck` shows what is damaged; make a fresh clone, {elsewhere}")
        }
    }
}
