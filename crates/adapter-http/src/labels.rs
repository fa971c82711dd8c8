//! The domain's enums of labels in the API's description.

use serde_json::Value;
use utoipa::openapi::{
    ObjectBuilder,
    schema::{Schema, Type},
};

/// A value of an enum of labels.
pub(crate) struct LabelValue {
    pub(crate) name: &'static str,
    pub(crate) variant: String,
    /// By language (BCP 47).
    pub(crate) labels: Vec<(&'static str, &'static str)>,
}

/// Returns the values of an enum of labels. A macro, since these enums have no trait in common.
macro_rules! label_values {
    ($list:ty) => {{
        let languages = wts_domain::Language::ALL.iter();
        let values = <$list>::ALL.iter();
        let values = values.map(|value| $crate::labels::LabelValue {
            name: value.as_str(),
            variant: format!("{value:?}"),
            labels: languages
                .clone()
                .map(|language| (language.as_str(), value.label(*language)))
                .collect(),
        });
        values.collect::<Vec<_>>()
    }};
}

pub(crate) use label_values;

/// Returns `beginning` and the names with their labels.
pub(crate) fn text_of_labels(beginning: &str, values: &[LabelValue]) -> String {
    let mut text = beginning.to_owned();
    for LabelValue { name, labels, .. } in values {
        let labels: Vec<_> = labels.iter().map(|(_, label)| *label).collect();
        text.extend([" `", name, "`: ", &labels.join(", "), "."]);
    }
    text
}

/// Returns the labels for programs: by name and language.
pub(crate) fn json_of_labels(values: &[LabelValue]) -> Value {
    let values = values.iter();
    values
        .map(|value| {
            let labels: Value = value.labels.iter().copied().collect();
            (value.name, labels)
        })
        .collect()
}

/// Returns the schema of a field that holds the name of a value, or `""`.
pub(crate) fn schema_of_labels(what: &str, values: &[LabelValue]) -> Schema {
    let names = values.iter().map(|value| value.name);
    let variants = values.iter().map(|value| value.variant.as_str());
    let varnames: Value = ["Unchanged"].into_iter().chain(variants).collect();
    let beginning = format!("{what}, `\"\"` if it stayed as it was.");
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(text_of_labels(&beginning, values)))
        .enum_values(Some([""].into_iter().chain(names)))
        // What generated clients call the values, which cannot be guessed from `""`.
        .extensions(Some([("x-enum-varnames", varnames)].into_iter().collect()))
        .build()
        .into()
}
