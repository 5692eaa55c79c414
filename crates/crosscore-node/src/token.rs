//! Tokens: handles on their way from one thread to another.
//!
//! Node cannot post a native object. So a handle that is moved is put here, a token travels as plain data, and
//! whoever presents it first takes the handle out. A token works once, which is the affine type of Rust kept at run
//! time.
//!
//! A token's id is a counter and a keyed hash over it: so an id that was made here and one that was not are told apart
//! without remembering those that were used.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::shared::{Description, Which};
use crate::side::Port;

/// Changes with what a token or a ring means.
const FORMAT: &str = "1";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// One for the process: the image is pinned (`lib.rs`), so every environment finds the same one.
static TOKENS: LazyLock<Mutex<Tokens>> = LazyLock::new(Mutex::default);

#[derive(Debug, Default)]
struct Tokens {
    /// The next number; none is given twice.
    next: u64,
    /// 128 bits of the system's own, twice, since the hash has 64.
    key: RandomState,
    parked: HashMap<u64, Port>,
}

fn tokens() -> MutexGuard<'static, Tokens> {
    // A panic elsewhere cannot leave it half changed: every use is one operation of a map.
    TOKENS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is wrong with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It was taken or revoked, or its handle was.
    Used,
    WrongSide(Which),
    /// Its ring is of another kind than is said: of this one, by number and schema.
    OtherKind(u32, String),
    /// Nobody here made it.
    Forged,
    OtherProcess,
    /// The addon is in this process more than once.
    OtherCopy,
    /// As `OtherCopy`, and that one is another version.
    OtherVersion(String),
    OtherFormat(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Used => f.write_str(
                "this token was used before: it was claimed or revoked, and works once",
            ),
            Self::WrongSide(Which::Producer) => f.write_str(
                "this is the token of a producer: Producer.from takes it",
            ),
            Self::WrongSide(Which::Consumer) => f.write_str(
                "this is the token of a consumer: Consumer.from takes it",
            ),
            // lib/handle/token.ts has the words for kinds.
            Self::OtherKind(kind, schema) => write!(f, "of:{kind}:{schema}"),
            Self::Forged => f.write_str(
                "this token was changed on its way, or was not made by move()",
            ),
            Self::OtherProcess => f.write_str(
                "this token was made in another process: rings and tokens stay within one",
            ),
            Self::OtherCopy => f.write_str(
                "this token was made by another copy of the package: its addon is in this process twice, from two \
                 files; install crosscore once, so that all threads load the same one",
            ),
            Self::OtherVersion(version) => write!(
                f,
                "this token was made by version {version} of the package, and this is {VERSION}: install it once, so \
                 that all threads load the same one",
            ),
            Self::OtherFormat(version) => write!(
                f,
                "this token has another format: it was made by version {version} of the package, and this is {VERSION}",
            ),
        }
    }
}

/// What a token says of where it was made: format, process, copy of the addon, version.
static ORIGIN: LazyLock<String> = LazyLock::new(|| {
    let process = process();
    let copy = RandomState::new().hash_one("copy");
    format!("{FORMAT}-{process:x}-{copy:016x}-{VERSION}")
});

/// The same in all copies of the addon that are in one process, and another in almost every other process.
fn process() -> u64 {
    let id = u64::from(std::process::id());
    // Process ids come again, and in containers all are the same; where the system puts its library is another's luck.
    #[cfg(unix)]
    let place = {
        unsafe extern "C" {
            fn getpid() -> i32;
        }
        (getpid as *const ()).addr() as u64
    };
    #[cfg(not(unix))]
    let place = 0;
    id << 32 ^ place >> 4
}

/// Of this copy of the addon, in this process.
pub(crate) fn origin() -> &'static str {
    &ORIGIN
}

/// What is different about another origin, if anything is.
fn compare(theirs: &str, ours: &str) -> Result<(), Refusal> {
    if theirs == ours {
        return Ok(());
    }
    let parts = |origin: &'_ str| {
        let mut parts = origin.splitn(4, '-').map(str::to_owned);
        Some([parts.next()?, parts.next()?, parts.next()?, parts.next()?])
    };
    let (Some([format, process, _, version]), Some(here)) = (parts(theirs), parts(ours)) else {
        return Err(Refusal::Forged);
    };
    Err(if process != here[1] {
        Refusal::OtherProcess
    } else if format != here[0] {
        Refusal::OtherFormat(version)
    } else if version != here[3] {
        Refusal::OtherVersion(version)
    } else {
        Refusal::OtherCopy
    })
}

impl Tokens {
    fn hash(&self, number: u64, which: Which) -> u64 {
        self.key.hash_one((number, which == Which::Producer))
    }

    fn park(&mut self, port: Port, which: Which) -> String {
        let number = self.next;
        self.next += 1;
        self.parked.insert(number, port);
        format!("{number:016x}{:016x}", self.hash(number, which))
    }

    /// The number in an id that was made here, and the side it is for.
    fn check(&self, id: &str) -> Result<(u64, Which), Refusal> {
        if id.len() != 32 || !id.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(Refusal::Forged);
        }
        let (number, hash) = id.split_at(16);
        let parse = |digits| u64::from_str_radix(digits, 16).map_err(|_| Refusal::Forged);
        let (number, hash) = (parse(number)?, parse(hash)?);
        [Which::Producer, Which::Consumer]
            .into_iter()
            .find(|&which| self.hash(number, which) == hash)
            .map(|which| (number, which))
            .ok_or(Refusal::Forged)
    }

    fn claim(
        &mut self,
        id: &str,
        which: Which,
        expected: impl FnOnce(&Description) -> bool,
    ) -> Result<Port, Refusal> {
        let (number, side) = self.check(id)?;
        if side != which {
            return Err(Refusal::WrongSide(side));
        }
        let Entry::Occupied(mut parked) = self.parked.entry(number) else {
            return Err(Refusal::Used);
        };
        // A token that is refused stays good.
        if let Some(side) = parked.get_mut().side() {
            let description = &side.end().shared().description;
            if !expected(description) {
                return Err(Refusal::OtherKind(
                    description.kind,
                    description.schema.clone(),
                ));
            }
        }
        Ok(parked.remove())
    }
}

/// Parks a handle and returns the id that takes it out. `None` if it has ended.
pub(crate) fn park(port: Port) -> Option<String> {
    let which = match &port {
        Port::Producer(_) => Which::Producer,
        Port::Consumer(_) => Which::Consumer,
        Port::Ended => return None,
    };
    Some(tokens().park(port, which))
}

/// Takes a handle out, if its ring is as `expected`.
pub(crate) fn claim(
    id: &str,
    origin: &str,
    which: Which,
    expected: impl FnOnce(&Description) -> bool,
) -> Result<Port, Refusal> {
    compare(origin, self::origin())?;
    tokens().claim(id, which, expected)
}

/// Whether the handle of a token that was made here is still parked.
pub(crate) fn is_parked(id: &str) -> bool {
    let tokens = tokens();
    let number = tokens.check(id).map(|(number, _)| number);
    number.is_ok_and(|number| tokens.parked.contains_key(&number))
}

/// Closes a handle that is parked; false if it is no longer.
pub(crate) fn revoke(id: &str, origin: &str) -> Result<bool, Refusal> {
    compare(origin, self::origin())?;
    let taken = {
        let mut tokens = tokens();
        let (number, _) = tokens.check(id)?;
        tokens.parked.remove(&number)
    };
    // Dropped without the lock: it wakes the other side.
    Ok(taken.is_some())
}

#[cfg(test)]
mod tests {
    use crosscore::Ring;

    use super::*;
    use crate::memory::RingMemory;
    use crate::producer::ProducerPort;
    use crate::shared::ends;

    #[test]
    fn an_id_works_once_and_for_its_side() {
        let mut tokens = Tokens::default();
        let id = tokens.park(Port::Ended, Which::Producer);
        assert_eq!(id.len(), 32);
        assert_eq!(
            tokens.claim(&id, Which::Consumer, |_| true).unwrap_err(),
            Refusal::WrongSide(Which::Producer)
        );
        assert!(tokens.claim(&id, Which::Producer, |_| true).is_ok());
        assert_eq!(
            tokens.claim(&id, Which::Producer, |_| true).unwrap_err(),
            Refusal::Used
        );
        assert_eq!(
            tokens.claim(&id, Which::Consumer, |_| true).unwrap_err(),
            Refusal::WrongSide(Which::Producer)
        );
        assert_ne!(tokens.park(Port::Ended, Which::Producer), id);
    }

    #[test]
    fn a_token_that_is_taken_for_another_kind_stays_good() {
        let mut tokens = Tokens::default();
        let (producer, consumer) = Ring::<u8, _>::with_capacity_in(64, RingMemory::Heap).unwrap();
        let description = Description {
            kind: 7,
            schema: "x".into(),
            ..Description::default()
        };
        let (end, _other) = ends(producer.ring(), description);
        let id = tokens.park(
            Port::Producer(ProducerPort::new(producer, end)),
            Which::Producer,
        );
        assert_eq!(
            tokens
                .claim(&id, Which::Producer, |description| description.kind == 8)
                .unwrap_err(),
            Refusal::OtherKind(7, "x".into())
        );
        assert!(!consumer.is_closed(), "nothing was lost");
        let port = tokens.claim(&id, Which::Producer, |description| description.kind == 7);
        assert!(matches!(port, Ok(Port::Producer(_))));
    }

    #[test]
    fn an_id_that_was_not_made_here_is_forged() {
        let mut tokens = Tokens::default();
        let id = tokens.park(Port::Ended, Which::Producer);
        let other = Tokens::default().park(Port::Ended, Which::Producer);
        let mut forged = vec![
            other,
            String::new(),
            "0".repeat(32),
            "f".repeat(32),
            format!("+{}", &id[1..]),
            format!("{id}0"),
            "é".repeat(16),
        ];
        for i in 0..id.len() {
            let digit = if &id[i..=i] == "0" { "1" } else { "0" };
            forged.push(format!("{}{digit}{}", &id[..i], &id[i + 1..]));
        }
        for forged in forged {
            assert_eq!(
                tokens
                    .claim(&forged, Which::Producer, |_| true)
                    .unwrap_err(),
                Refusal::Forged,
                "{forged}"
            );
        }
        assert!(tokens.claim(&id, Which::Producer, |_| true).is_ok());
    }

    #[test]
    fn an_origin_says_what_differs() {
        let ours = "1-aa-bb-0.1.0";
        assert_eq!(compare(ours, ours), Ok(()));
        for (theirs, refusal) in [
            ("1-ab-bb-0.1.0", Refusal::OtherProcess),
            ("1-ab-bc-0.2.0", Refusal::OtherProcess),
            ("1-aa-bc-0.1.0", Refusal::OtherCopy),
            (
                "1-aa-bc-0.2.0-rc.1",
                Refusal::OtherVersion("0.2.0-rc.1".into()),
            ),
            ("2-aa-bc-0.2.0", Refusal::OtherFormat("0.2.0".into())),
            ("", Refusal::Forged),
            ("1-aa-bb", Refusal::Forged),
        ] {
            assert_eq!(compare(theirs, ours), Err(refusal), "{theirs}");
        }
        assert_eq!(compare(origin(), &ORIGIN), Ok(()));
        assert_eq!(origin().splitn(4, '-').count(), 4);
    }
}
