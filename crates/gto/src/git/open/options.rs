//! With what gix opens a repository.

use crate::git::OBJECT_LIMIT;

/// All configuration that `git` itself would honour, but no identity from the environment: `committer` asks for that.
pub(in crate::git) fn open_options() -> gix::open::Options {
    gix::open::Options::default()
        .permissions(permissions())
        // The owner was checked before: an opened repository is fully trusted, as by git.
        .filter_config_section(|_| true)
        .config_overrides([format!("gitoxide.objects.allocLimit={OBJECT_LIMIT}")])
}

pub(in crate::git) fn permissions() -> gix::open::Permissions {
    let mut permissions = gix::open::Permissions::all();
    permissions.env.identity = gix::sec::Permission::Deny;
    // See `command_line`.
    permissions.config.env = false;
    permissions
}
