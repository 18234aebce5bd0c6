//! Data contracts fail closed: a rule that should run on writing, and that we cannot run, forbids to write.

use crate::schema::{Rule, Schema};
use thiserror::Error;

/// A schema has a rule for those who write, and nothing here can run it. To write all the same could send in clear what is
/// to be encrypted, or what the contract forbids.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "the schema's rule {name:?} (type {rule_type}, mode {mode}) must run on every record that is written, and milena runs no \
     rules: disable the rule, or let the rule set be enabled elsewhere (enableAt)"
)]
pub struct RuleError {
    /// The rule's name.
    pub name: String,
    /// CEL, ENCRYPT, …
    pub rule_type: String,
    /// WRITE, WRITEREAD, or a mode that is not known.
    pub mode: String,
}

/// Says which rule forbids to write, if one does.
pub(crate) fn check(schema: &Schema) -> Result<(), RuleError> {
    let Some(set) = &schema.rule_set else { return Ok(()) };
    if !runs_at_clients(set.enable_at.as_deref()) {
        return Ok(());
    }
    match set.domain_rules.iter().chain(&set.encoding_rules).find(|rule| forbids(rule)) {
        None => Ok(()),
        Some(rule) => Err(RuleError {
            name: rule.name.clone(),
            rule_type: rule.rule_type.clone().unwrap_or_else(|| "unknown".into()),
            mode: rule.mode.clone().unwrap_or_else(|| "unknown".into()),
        }),
    }
}

/// Where a rule set is enabled: everywhere unless told; a place that is not known may be here.
fn runs_at_clients(enable_at: Option<&str>) -> bool {
    !matches!(enable_at.map(str::to_ascii_uppercase).as_deref(), Some("GATEWAY" | "SERVER" | "NONE"))
}

/// Whether a rule is for those who write. A mode that is not known may be.
fn forbids(rule: &Rule) -> bool {
    let mode = rule.mode.as_deref().map(str::to_ascii_uppercase);
    !rule.disabled && !matches!(mode.as_deref(), Some("READ" | "UPGRADE" | "DOWNGRADE" | "UPDOWN"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{RuleSet, SchemaType};

    fn schema(set: RuleSet) -> Schema {
        Schema { rule_set: Some(set), ..Schema::new(SchemaType::Avro, "\"string\"") }
    }

    fn rule(mode: Option<&str>, disabled: bool) -> Rule {
        Rule {
            name: "encryptPII".into(),
            mode: mode.map(Into::into),
            rule_type: Some("ENCRYPT".into()),
            disabled,
            ..Rule::default()
        }
    }

    fn domain(mode: Option<&str>, disabled: bool, enable_at: Option<&str>) -> Result<(), RuleError> {
        let enable_at = enable_at.map(Into::into);
        check(&schema(RuleSet { domain_rules: vec![rule(mode, disabled)], enable_at, ..RuleSet::default() }))
    }

    #[test]
    fn a_write_rule_forbids_to_write_by_its_name() {
        for mode in [Some("WRITE"), Some("WRITEREAD"), Some("SOMETHING_NEW"), None] {
            let error = domain(mode, false, None).unwrap_err();
            assert!(error.to_string().contains("encryptPII") && error.to_string().contains("ENCRYPT"), "{error}");
        }
        let encoding = RuleSet { encoding_rules: vec![rule(Some("WRITE"), false)], ..RuleSet::default() };
        assert!(check(&schema(encoding)).is_err());
        for place in ["ALL", "CLIENT", "SOMEWHERE_NEW"] {
            assert!(domain(Some("WRITE"), false, Some(place)).is_err(), "{place}");
        }
    }

    #[test]
    fn what_is_not_for_writers_forbids_nothing() {
        for mode in ["READ", "UPGRADE", "DOWNGRADE", "UPDOWN"] {
            assert_eq!(domain(Some(mode), false, None), Ok(()), "{mode}");
        }
        assert_eq!(domain(Some("WRITE"), true, None), Ok(()));
        for place in ["GATEWAY", "SERVER", "NONE"] {
            assert_eq!(domain(Some("WRITE"), false, Some(place)), Ok(()), "{place}");
        }
        let migration = RuleSet { migration_rules: vec![rule(Some("WRITE"), false)], ..RuleSet::default() };
        assert_eq!(check(&schema(migration)), Ok(()));
        assert_eq!(check(&Schema::new(SchemaType::Avro, "")), Ok(()));
    }
}
