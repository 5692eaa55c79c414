//! The express lane: V8's *fast API calls*, through which optimised JavaScript enters a function of ours as it would
//! any C function, in 4 to 5 ns where a call through Node-API takes 11 to 16.
//!
//! V8 does not offer them to addons that stay with Node-API, so this module and [`abi`] rest on things that nobody
//! has promised. All of that is here, and nothing outside knows more than [`Lane`] and [`FastFunction`].
//!
//! # What is relied on
//!
//! - Node exports V8's C++ functions from the module that exports Node-API, as addons written with V8's headers need.
//!   [`abi`] lists the ones in use; their mangled names carry the types of their arguments.
//! - The layouts that [`abi`] spells out, the same in all of [`TESTED`].
//! - A `napi_value` is a `v8::Local`: one pointer, passed and returned in a register. That is so in the Itanium C++
//!   ABI, which Linux and macOS have and Windows has not.
//! - The slow function, which JavaScript gets to where the fast one is not taken, does nothing and so returns
//!   `undefined`. Its argument has another layout in every second V8; a function that never looks at it does not
//!   depend on that.
//! - Where V8 has a string's characters and a `Uint8Array`'s bytes, as it tells debuggers. [`heap`] and [`views`] have that.
//!
//! # What is checked
//!
//! [`open`] answers with a [`Reason`] instead of a lane unless all of this holds: the platform is one of the above;
//! `CROSSCORE_EXPRESS` is not `0`; this is Node and no relative of it; no startup snapshot is being built, which could
//! not hold our addresses; all symbols are there, in the one module; V8 says of itself that it is one of [`TESTED`];
//! and V8's own constructor and getter agree with the layouts. Each check only reads, and none can abort. Strings are read
//! only if V8 says that they lie as [`heap`] has it, bytes only if an array that was made for it does as [`views`] has it;
//! otherwise the lane is without them.
//!
//! # What happens otherwise
//!
//! There is no lane, and every crossing goes through Node-API, which does the same. It is also what happens call by
//! call where V8 does not take the fast way: in the interpreter and in baseline code, with `--jitless` or
//! `--no-turbo-fast-api-calls`, for a number's argument of another type. A function that is called and cannot do it, such
//! as one that is given a string in very many pieces, says so. JavaScript sees that nothing was done and makes the other call.

#[cfg(all(
    any(target_os = "linux", target_os = "macos"),
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod abi;
#[cfg(not(all(
    any(target_os = "linux", target_os = "macos"),
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
#[path = "express/nowhere.rs"]
mod abi;
#[cfg(all(
    any(target_os = "linux", target_os = "macos"),
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod heap;
#[cfg(all(
    any(target_os = "linux", target_os = "macos"),
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod views;

use std::fmt::{self, Display};
use std::sync::OnceLock;

use napi::bindgen_prelude::{JsObjectValue, Object};
use napi::{Env, JsValue, Unknown, ValueType, sys};

pub(crate) use abi::{Receiver, Scratch, Value};

use crate::runtime;

/// V8's major and minor version, and the Node that came with it. A line is added by running the specs on it:
/// `npm run test:nodes`, which fails where the lane is not taken.
const TESTED: [(u32, u32, &str); 5] = [
    (11, 3, "Node 20"),
    (12, 4, "Node 22"),
    (13, 6, "Node 24"),
    (14, 1, "Node 25"),
    (14, 6, "Node 26"),
];

/// The lane of an environment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lane {
    v8: &'static abi::V8,
}

/// Why there is no lane.
#[derive(Clone, Debug)]
#[allow(
    dead_code,
    reason = "one platform knows only the first, the others all but the first"
)]
pub(crate) enum Reason {
    /// Not Linux or macOS on x86-64 or arm64.
    Platform,
    /// The program's user does not want it.
    SwitchedOff,
    /// Something like Node.
    Runtime(String),
    /// Our addresses would not survive in it.
    Snapshot,
    /// Node does not export this.
    Missing(&'static str),
    /// This is not Node's own: it comes from elsewhere.
    Foreign(&'static str),
    /// It may work, but nobody has tried.
    Untested(String),
    /// V8's own code disagrees with a layout.
    Layout(&'static str),
    /// Node would not answer.
    Unanswered(String),
}

impl Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform => f.write_str("only on Linux and macOS, on x64 and arm64"),
            Self::SwitchedOff => f.write_str("switched off by CROSSCORE_EXPRESS=0"),
            Self::Runtime(name) => write!(f, "this is {name}, not Node"),
            Self::Snapshot => f.write_str("a startup snapshot is being built"),
            Self::Missing(symbol) => write!(f, "this Node does not export {symbol}"),
            Self::Foreign(symbol) => write!(f, "{symbol} is not Node's own"),
            Self::Untested(version) => write!(f, "V8 {version} has not been tested"),
            Self::Layout(what) => write!(f, "V8 has another layout: {what}"),
            Self::Unanswered(what) => write!(f, "Node does not answer: {what}"),
        }
    }
}

impl From<napi::Error> for Reason {
    fn from(error: napi::Error) -> Self {
        Self::Unanswered(error.reason.clone())
    }
}

/// Opens the lane for an environment, or says why there is none. The result is the same for as long as the
/// environment lives; the expensive half is done once for the process.
pub(crate) fn open(env: &Env) -> Result<Lane, Reason> {
    static V8: OnceLock<Result<abi::V8, Reason>> = OnceLock::new();

    is_wanted(env).inspect_err(|_| runtime::forget_exception(env))?;
    match V8.get_or_init(|| abi::V8::find(&TESTED.map(|(major, minor, _)| (major, minor)))) {
        Ok(v8) => Ok(Lane { v8 }),
        Err(reason) => Err(reason.clone()),
    }
}

fn is_wanted(env: &Env) -> Result<(), Reason> {
    let process = runtime::process(env)?;
    if is_switched_off(&process)? {
        return Err(Reason::SwitchedOff);
    }
    if let Some(name) = runtime::other_than_node(env)? {
        return Err(Reason::Runtime(name));
    }
    if builds_snapshot(&process)? {
        return Err(Reason::Snapshot);
    }
    Ok(())
}

/// `process.env` and not the process's environment: a worker may have one of its own, and libc's is not to be
/// read while another thread changes it.
fn is_switched_off(process: &Object<'_>) -> napi::Result<bool> {
    let environment: Object<'_> = process.get_named_property("env")?;
    let value: Unknown<'_> = environment.get_named_property("CROSSCORE_EXPRESS")?;
    Ok(value.get_type()? == ValueType::String
        && value.coerce_to_string()?.into_utf8()?.as_str()? == "0")
}

/// By the options that have Node build one. To ask `node:v8` would load it, 1.4 to 3.4 ms at every start, to guard
/// something that Node refuses by itself: no snapshot holds what an addon has made.
fn builds_snapshot(process: &Object<'_>) -> napi::Result<bool> {
    const OPTIONS: [&str; 3] = [
        "--build-snapshot",
        "--experimental-sea-config",
        "--build-sea",
    ];
    let options: Vec<String> = process.get_named_property("execArgv")?;
    Ok(options
        .iter()
        .any(|option| OPTIONS.iter().any(|build| option.starts_with(build))))
}

/// A function of ours in the shape of one of the signatures that V8 is told. `f64` comes from any number of
/// JavaScript's, NaN included; the result becomes one.
///
/// # What it must never do (INV-NODE-7)
///
/// It runs in the middle of optimised code, where V8 is not prepared for anything: no call of V8 or Node-API, no
/// allocation on V8's heap, no JavaScript, no code of other people (so no [`Waker`](std::task::Waker) but our own),
/// nothing that waits, no panic that leaves it. Whatever it gets is hostile: a number stands for a handle only after
/// bounds, generation and thread have been checked, and it never becomes an address; a value may be of any type.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "nobody reads it where there is no lane")]
pub(crate) enum Fast {
    /// `(number) => number | undefined`
    Number(extern "C" fn(Receiver, f64) -> i32),
    /// `(number, number) => number | undefined`
    Numbers(extern "C" fn(Receiver, f64, f64) -> i32),
    /// `(number, value) => number | undefined`. V8 passes any value as it is. A string could be asked for as its characters,
    /// but then V8 calls the slow function for one in pieces, and from V8 13 on it aborts the process unless what that
    /// returns is of the promised type (`kFastCallFallbackInvalid` in V8's `turboshaft/graph-builder.cc`).
    NumberAndValue(extern "C" fn(Receiver, f64, Value) -> i32),
}

/// What V8 keeps of a fast function, for ever: so it is a `static`.
#[derive(Debug)]
#[allow(dead_code, reason = "nobody reads it where there is no lane")]
pub(crate) struct FastFunction {
    code: Fast,
    described: OnceLock<abi::CFunction>,
}

impl FastFunction {
    pub(crate) const fn new(code: Fast) -> Self {
        Self {
            code,
            described: OnceLock::new(),
        }
    }
}

impl Lane {
    /// Whether functions can make anything of a string that they are given.
    pub(crate) fn knows_strings(self) -> bool {
        self.v8.knows_strings()
    }

    /// The layout by which functions can read the bytes of a `Uint8Array` that they are given, if they can.
    pub(crate) fn views(self, env: &Env) -> Option<usize> {
        // SAFETY: INV-NODE-1: who has an `Env` is called by Node.
        unsafe { self.v8.views(env.raw()) }
    }

    /// The function in JavaScript: the fast function's result, or `undefined` where it was not called.
    ///
    /// One for an environment serves all handles: kept in a constant of the module that calls it, it is known to V8
    /// where the call is compiled.
    pub(crate) fn function(
        self,
        _env: &Env,
        function: &'static FastFunction,
    ) -> napi::Result<sys::napi_value> {
        // SAFETY: INV-NODE-1: who has an `Env` is called by Node.
        unsafe { self.v8.function(function) }
            .ok_or_else(|| napi::Error::from_reason("V8 could not make a function"))
    }
}

impl Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "V8 {}", self.v8.version())
    }
}
