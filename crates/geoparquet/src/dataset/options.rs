//! How a dataset is made and written.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use stacyard_model::Profile;

use crate::write::options::Options;

/// Which Items stand together in files. It is about files alone: no column is taken out of them, as partitions of Delta do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PartitionBy {
    /// Those of a collection.
    #[default]
    Collection,
    /// Those of a collection and a year.
    Year,
    /// Those of a collection and a month.
    Month,
}

impl FromStr for PartitionBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "collection" => Ok(Self::Collection),
            "year" => Ok(Self::Year),
            "month" => Ok(Self::Month),
            _ => Err(format!("there is no partition by {text:?}: write collection, year or month")),
        }
    }
}

impl fmt::Display for PartitionBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Collection => "collection",
            Self::Year => "year",
            Self::Month => "month",
        })
    }
}

/// Who makes a version, and by what.
#[derive(Debug, Clone, Default)]
pub struct Author {
    /// The name of a user.
    pub who: Option<String>,
    /// The command, without what may be secret.
    pub command: String,
}

/// How a dataset is made that is not there yet.
#[derive(Debug, Clone, Default)]
pub struct Making {
    /// Which Items stand together.
    pub partition_by: Option<PartitionBy>,
    /// The profile that its Items meet.
    pub profile: Option<Arc<Profile>>,
}

/// How Items are written into a dataset.
#[derive(Debug, Default)]
pub struct Writing {
    /// How its files are laid out. Collections and profile of it are not used: a dataset keeps them elsewhere.
    pub options: Options,
    /// How it is made, where it is not there yet.
    pub making: Making,
    /// Who does it.
    pub author: Author,
    /// Where it is said which files were written, which are then in no version yet. `None`: they become one.
    pub stage: Option<PathBuf>,
    /// The mark of the store that the new version is the same as, unless records are set aside.
    pub same_as: Option<String>,
}
