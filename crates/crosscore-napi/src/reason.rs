//! Why a side closed, as `lib/handle/reason.ts` writes and reads it.

use std::error::Error;
use std::fmt;

use serde_json::{Value, json};

/// Causes of causes that travel.
const DEEPEST: usize = 4;

/// Of an end that a panic has dropped.
pub(crate) const PANICKED: &str =
    r#"{"name":"Error","message":"a thread of Rust panicked","code":"ERR_CROSSCORE_PANIC"}"#;

/// What JavaScript closed its end with: the Error that `close(reason)` was given.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reason {
    /// As `error.name`.
    pub name: String,
    /// As `error.message`.
    pub message: String,
    /// As `error.code`.
    pub code: Option<String>,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.message)
    }
}

impl Error for Reason {}

pub(crate) fn write(error: &dyn Error) -> String {
    written(error, DEEPEST).to_string()
}

fn written(error: &dyn Error, depth: usize) -> Value {
    let mut value = json!({ "name": "Error", "message": error.to_string() });
    if let Some(cause) = error.source()
        && depth > 1
    {
        value["cause"] = written(cause, depth - 1);
    }
    value
}

/// `None` if there is none.
pub(crate) fn read(text: &str) -> Option<Reason> {
    let value: Value = serde_json::from_str(text).ok()?;
    let text = |key: &str| match value.get(key) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    Some(Reason {
        name: text("name")?,
        message: text("message")?,
        code: text("code"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_written_with_its_causes() {
        let cause = std::io::Error::other("the \"disk\"");
        let error = std::io::Error::other(Box::<dyn Error + Send + Sync>::from(cause));
        assert!(write(&error).contains(r#""message":"the \"disk\"""#));
    }

    #[test]
    fn a_reason_is_read() {
        let reason = read(
            r#"{"name":"TypeError","message":"no","code":"E","cause":{"name":"Error","message":"x"}}"#,
        );
        let reason = reason.unwrap();
        assert_eq!(reason.to_string(), "TypeError: no");
        assert_eq!(reason.code.as_deref(), Some("E"));
        assert_eq!(
            read(PANICKED).unwrap().code.as_deref(),
            Some("ERR_CROSSCORE_PANIC")
        );
        assert_eq!(read(""), None);
    }
}
