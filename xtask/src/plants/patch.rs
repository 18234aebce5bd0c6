//! A plant as it lies in `crates/testkit/plants`: a head that says what it is, for people and for this task, and a patch.

use crate::workspace::root;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

/// One plant.
#[derive(Debug)]
pub(crate) struct Patch {
    /// The file's name, without `.patch`.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// Everything before the patch.
    pub(crate) head: String,
    /// The patch itself.
    pub(crate) diff: String,
}

/// What every head must say.
const FIELDS: &[&str] = &["Client", "Bug", "Harm", "Invariant"];

/// All plants whose name begins with one of `names`; all when none is given.
pub(crate) fn all(names: &[String]) -> Result<Vec<Patch>> {
    let folder = root().join("crates/testkit/plants");
    let entries = std::fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "patch"));
    paths.sort();
    let plants = paths.iter().map(|path| Patch::read(path)).collect::<Result<Vec<_>>>()?;
    let wanted = |plant: &Patch| names.is_empty() || names.iter().any(|name| plant.name.starts_with(&**name));
    for name in names {
        ensure!(plants.iter().any(|plant| plant.name.starts_with(&**name)), "no plant's name begins with {name}");
    }
    Ok(plants.into_iter().filter(wanted).collect())
}

impl Patch {
    fn read(path: &Path) -> Result<Self> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).with_context(|| format!("plant {name}"))?;
        let begin =
            text.find("\ndiff ").with_context(|| format!("plant {name} has no patch: no line begins with diff"))?;
        let (head, diff) = text.split_at(begin + 1);
        let plant = Self { name, path: path.to_path_buf(), head: head.to_owned(), diff: diff.to_owned() };
        for field in FIELDS {
            ensure!(plant.field(field).is_some(), "plant {} does not say {field}: in its head", plant.name);
        }
        Ok(plant)
    }

    /// What the head's first line says: what the defect does.
    pub(crate) fn title(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// What the head says of this; a line that is indented goes on with the one before.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let mut lines =
            self.head.lines().skip_while(|line| line.split_once(": ").is_none_or(|(field, _)| field != name));
        let first = lines.next()?.split_once(": ")?.1;
        let rest = lines.take_while(|line| line.starts_with(' ')).map(str::trim);
        Some([first].into_iter().chain(rest).collect::<Vec<_>>().join(" "))
    }

    /// The workloads that it is looked for in; empty for all of them.
    pub(crate) fn workloads(&self) -> String {
        self.field("Workloads").unwrap_or_default().replace(", ", ",")
    }

    /// Writes it with these parts.
    pub(crate) fn write(&self, head: &str, diff: &str) -> Result<()> {
        std::fs::write(&self.path, format!("{head}{diff}")).with_context(|| format!("plant {}", self.name))
    }
}
