//! V8 as the machine sees it: symbols, layouts, numbers. Each with its source, in the headers of V8 that Node ships
//! (`deps/v8/include`), read and tried from V8 11.3 to 14.6.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::fmt::{self, Debug};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;

use napi::sys;

pub(crate) use super::heap::{Scratch, Value};
use super::{Fast, FastFunction, Reason};
use super::{heap, views};

/// `v8::Isolate`.
type Isolate = *mut c_void;
/// `v8::Local<T>`: a pointer to a handle (`v8-local-handle.h`); `MaybeLocal<T>` is a `Local<T>` that may be null.
type Local = *mut c_void;

/// The receiver of a call, which nobody here looks at.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Receiver(Local);

/// `v8::CTypeInfo::Type` (`v8-fast-api-calls.h`).
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
enum Type {
    Void = 0,
    Int32 = 3,
    Float64 = 8,
    /// Any JavaScript value, as `Local<Value>`; the receiver, which always comes first, is one.
    Value = 10,
}

/// Room for four `v8::CTypeInfo`s. One is a type and one or two more bytes, all 0 here: sequence type up to V8 13, and
/// flags.
#[repr(C, align(8))]
struct Types([u8; 4 * LARGEST_STRIDE]);

const SMALLEST_STRIDE: usize = 2;
const LARGEST_STRIDE: usize = 3;

impl Types {
    fn new(types: &[Type], stride: usize) -> Self {
        let mut bytes = [0; 4 * LARGEST_STRIDE];
        for (&of, place) in types.iter().zip(bytes.chunks_exact_mut(stride)) {
            place[0] = of as u8;
        }
        Self(bytes)
    }
}

/// `v8::CFunctionInfo`: the result's type, a representation, a count and a pointer to the arguments' types, 24 bytes
/// at most. Nothing here reads it: V8 writes it and V8 reads it.
#[repr(C, align(16))]
struct CFunctionInfo(MaybeUninit<[u8; 64]>);

/// A signature as V8 wants it: for ever, and never changed after V8's compiler, on threads of its own, may read it.
struct Signature {
    info: CFunctionInfo,
    arguments: Types,
}

/// `v8::CFunction { const void* address_; const CFunctionInfo* type_info_; }` (`v8-fast-api-calls.h`).
#[repr(C)]
pub(crate) struct CFunction {
    address: *const c_void,
    info: *const CFunctionInfo,
}

impl Debug for CFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CFunction").finish_non_exhaustive()
    }
}

// SAFETY: INV-NODE-8: code and a signature that nobody changes.
unsafe impl Send for CFunction {}
// SAFETY: INV-NODE-8: as above.
unsafe impl Sync for CFunction {}

/// `v8::FunctionCallback`: `void (*)(const FunctionCallbackInfo<Value>&)` (`v8-function-callback.h`).
type SlowCallback = unsafe extern "C" fn(info: *const c_void);

/// What JavaScript calls where the fast call is not taken. The result stays `undefined`.
unsafe extern "C" fn undefined(_info: *const c_void) {}

/// `static const char* V8::GetVersion()` (`v8-initialization.h`).
const GET_VERSION: &CStr = c"_ZN2v82V810GetVersionEv";
type GetVersion = unsafe extern "C" fn() -> *const c_char;

/// `static Isolate* Isolate::GetCurrent()` (`v8-isolate.h`).
const GET_CURRENT: &CStr = c"_ZN2v87Isolate10GetCurrentEv";
type GetCurrent = unsafe extern "C" fn() -> Isolate;

/// `Local<Context> Isolate::GetCurrentContext()` (`v8-isolate.h`).
const GET_CURRENT_CONTEXT: &CStr = c"_ZN2v87Isolate17GetCurrentContextEv";
type GetCurrentContext = unsafe extern "C" fn(Isolate) -> Local;

/// `static Local<FunctionTemplate> FunctionTemplate::New(Isolate*, FunctionCallback, Local<Value> data,
/// Local<Signature>, int length, ConstructorBehavior, SideEffectType, const CFunction*, uint16_t, uint16_t, uint16_t)`
/// (`v8-template.h`).
const TEMPLATE_NEW: &CStr = c"_ZN2v816FunctionTemplate3NewEPNS_7IsolateEPFvRKNS_20FunctionCallbackInfoINS_5ValueEEEENS_5LocalIS4_EENSA_INS_9SignatureEEEiNS_19ConstructorBehaviorENS_14SideEffectTypeEPKNS_9CFunctionEttt";
type TemplateNew = unsafe extern "C" fn(
    Isolate,
    SlowCallback,
    Local,
    Local,
    c_int,
    c_int,
    c_int,
    *const CFunction,
    u16,
    u16,
    u16,
) -> Local;

/// `v8::ConstructorBehavior::kThrow` (`v8-template.h`). With kAllow V8 aborts the process when there is a fast function.
const THROW: c_int = 0;
/// `v8::SideEffectType::kHasSideEffect` (`v8-object.h`).
const HAS_SIDE_EFFECT: c_int = 0;

/// `MaybeLocal<Function> FunctionTemplate::GetFunction(Local<Context>)` (`v8-template.h`).
const GET_FUNCTION: &CStr = c"_ZN2v816FunctionTemplate11GetFunctionENS_5LocalINS_7ContextEEE";
type GetFunction = unsafe extern "C" fn(Local, Local) -> Local;

/// `CFunctionInfo(const CTypeInfo& return_info, unsigned int arg_count, const CTypeInfo* arg_info,
/// Int64Representation)` (`v8-fast-api-calls.h`), the last from V8 11.4 on. One byte, 0 for numbers; passed to the older
/// one it is a register that nobody reads.
const INFO_NEW: &CStr = c"_ZN2v813CFunctionInfoC1ERKNS_9CTypeInfoEjPS2_NS0_19Int64RepresentationE";
const INFO_NEW_BEFORE: &CStr = c"_ZN2v813CFunctionInfoC1ERKNS_9CTypeInfoEjPS2_";
type InfoNew = unsafe extern "C" fn(*mut CFunctionInfo, *const Types, c_uint, *const Types, u8);
const NUMBERS: u8 = 0;

/// `const CTypeInfo& CFunctionInfo::ArgumentInfo(unsigned int index) const` (`v8-fast-api-calls.h`).
const ARGUMENT_INFO: &CStr = c"_ZNK2v813CFunctionInfo12ArgumentInfoEj";
type ArgumentInfo = unsafe extern "C" fn(*const CFunctionInfo, c_uint) -> *const u8;

/// A function that every Node exports, from the module that all of the above must come from.
const NODE_API: &CStr = c"napi_create_function";

/// V8 as this process has it.
pub(crate) struct V8 {
    version: String,
    get_current: GetCurrent,
    get_current_context: GetCurrentContext,
    template_new: TemplateNew,
    get_function: GetFunction,
    number: &'static Signature,
    numbers: &'static Signature,
    number_and_value: &'static Signature,
    knows_strings: bool,
    /// Which of `views::LAYOUTS` it tells, and whether its arrays have it.
    views: Option<usize>,
    views_seen: OnceLock<bool>,
}

// SAFETY: INV-NODE-8: functions, and signatures that nobody changes.
unsafe impl Send for V8 {}
// SAFETY: INV-NODE-8: as above.
unsafe impl Sync for V8 {}

impl V8 {
    /// Finds V8, if it is one of `tested`, and asks it about the layouts.
    pub(crate) fn find(tested: &[(u32, u32)]) -> Result<Self, Reason> {
        let node = Module::of(NODE_API)?;
        // SAFETY: INV-NODE-8: the type belongs to the name, here and in the lines below.
        let get_version = unsafe { node.function::<GetVersion>(GET_VERSION) }?;
        // SAFETY: INV-NODE-8: as declared; what it returns is static.
        let version = unsafe { CStr::from_ptr(get_version()) };
        let version = version.to_string_lossy().into_owned();
        let mut numbers = version.split('.').map_while(|part| part.parse().ok());
        let tested = numbers
            .next()
            .zip(numbers.next())
            .is_some_and(|found: (u32, u32)| tested.contains(&found));
        if !tested {
            return Err(Reason::Untested(version));
        }

        // SAFETY: INV-NODE-8: as above.
        let argument_info = unsafe { node.function::<ArgumentInfo>(ARGUMENT_INFO) }?;
        // SAFETY: INV-NODE-8: as above; the older one ignores the argument that it does not know.
        let info_new = unsafe {
            node.function::<InfoNew>(INFO_NEW)
                .or_else(|_| node.function::<InfoNew>(INFO_NEW_BEFORE))
        }?;
        let layout = Layout::ask(info_new, argument_info)?;
        // SAFETY: INV-NODE-8: the names are those of numbers.
        let tells = |name, expected| unsafe { node.number(name) }.is_ok_and(|n| n == expected);
        let knows_strings = heap::LAYOUT
            .iter()
            .all(|&(name, expected)| tells(name, expected));
        // Objects and maps are those of strings.
        let views = views::LAYOUTS.iter().position(|layout| {
            let mut told = layout.told().into_iter();
            knows_strings
                && told.all(|(names, expected)| names.iter().any(|&name| tells(name, expected)))
        });
        Ok(Self {
            // SAFETY: INV-NODE-8: as above.
            get_current: unsafe { node.function(GET_CURRENT) }?,
            // SAFETY: INV-NODE-8: as above.
            get_current_context: unsafe { node.function(GET_CURRENT_CONTEXT) }?,
            // SAFETY: INV-NODE-8: as above.
            template_new: unsafe { node.function(TEMPLATE_NEW) }?,
            // SAFETY: INV-NODE-8: as above.
            get_function: unsafe { node.function(GET_FUNCTION) }?,
            number: layout.signature(Type::Int32, &[Type::Value, Type::Float64])?,
            numbers: layout.signature(Type::Int32, &[Type::Value, Type::Float64, Type::Float64])?,
            number_and_value: layout
                .signature(Type::Int32, &[Type::Value, Type::Float64, Type::Value])?,
            knows_strings,
            views,
            views_seen: OnceLock::new(),
            version,
        })
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Whether strings lie on its heap as `heap.rs` has it.
    pub(crate) fn knows_strings(&self) -> bool {
        self.knows_strings
    }

    /// How a `Uint8Array` lies on its heap, of the ways that `views.rs` knows.
    ///
    /// # Safety
    ///
    /// INV-NODE-1: a call of Node-API into this addon is under way on this thread.
    pub(crate) unsafe fn views(&self, env: sys::napi_env) -> Option<usize> {
        let layout = self.views?;
        let is_seen = match self.views_seen.get() {
            Some(&is_seen) => is_seen,
            None => {
                // SAFETY: INV-NODE-1: passed on.
                let is_seen = unsafe { views::is_seen(env, layout) }?;
                *self.views_seen.get_or_init(|| is_seen)
            }
        };
        is_seen.then_some(layout)
    }

    /// A new function of JavaScript in the current context, or `None` if V8 cannot make one now.
    ///
    /// # Safety
    ///
    /// INV-NODE-1: a call of Node-API into this addon is under way on this thread, so that an isolate and a
    /// context are entered and a handle scope is open.
    pub(crate) unsafe fn function(
        &self,
        function: &'static FastFunction,
    ) -> Option<sys::napi_value> {
        let described = function
            .described
            .get_or_init(|| self.describe(function.code));
        // Of JavaScript's arguments.
        let length = match function.code {
            Fast::Number(_) => 1,
            Fast::Numbers(_) | Fast::NumberAndValue(_) => 2,
        };
        // SAFETY: INV-NODE-8: called as declared. Null stands for no data and no signature (`v8-template.h`), 0 for
        // no instance type; isolate, context and handle scope are those of the call (passed on).
        let made = unsafe {
            let isolate = (self.get_current)();
            if isolate.is_null() {
                return None;
            }
            let template = (self.template_new)(
                isolate,
                undefined,
                ptr::null_mut(),
                ptr::null_mut(),
                length,
                THROW,
                HAS_SIDE_EFFECT,
                described,
                0,
                0,
                0,
            );
            let context = (self.get_current_context)(isolate);
            if template.is_null() || context.is_null() {
                return None;
            }
            (self.get_function)(template, context)
        };
        // A `napi_value` is a `Local` (Node's `src/js_native_api_v8.h`, `JsValueFromV8LocalValue`).
        (!made.is_null()).then_some(made.cast())
    }

    fn describe(&self, code: Fast) -> CFunction {
        let (address, signature) = match code {
            Fast::Number(function) => (function as *const c_void, self.number),
            Fast::Numbers(function) => (function as *const c_void, self.numbers),
            Fast::NumberAndValue(function) => (function as *const c_void, self.number_and_value),
        };
        CFunction {
            address,
            info: &signature.info,
        }
    }
}

impl Debug for V8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("V8")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// How V8 lays out a signature.
struct Layout {
    info_new: InfoNew,
    argument_info: ArgumentInfo,
    stride: usize,
}

impl Layout {
    /// Has V8's constructor build a signature of any types and asks V8's getter where the second one is.
    fn ask(info_new: InfoNew, argument_info: ArgumentInfo) -> Result<Self, Reason> {
        let mut layout = Self {
            info_new,
            argument_info,
            stride: LARGEST_STRIDE,
        };
        let any = layout.build(Type::Void, &[Type::Value, Type::Value]);
        layout.stride = layout
            .argument(any, 1)
            .wrapping_sub(layout.argument(any, 0));
        if (SMALLEST_STRIDE..=LARGEST_STRIDE).contains(&layout.stride) {
            Ok(layout)
        } else {
            Err(Reason::Layout("the size of CTypeInfo"))
        }
    }

    /// A signature that V8 agrees with: its getter finds each type where it was put.
    fn signature(&self, result: Type, arguments: &[Type]) -> Result<&'static Signature, Reason> {
        let signature = self.build(result, arguments);
        let base = &raw const signature.arguments as usize;
        let agrees = (0..arguments.len())
            .all(|index| self.argument(signature, index as c_uint) == base + index * self.stride);
        if agrees {
            Ok(signature)
        } else {
            Err(Reason::Layout("the types of CFunctionInfo"))
        }
    }

    /// Where V8 says that an argument's type is.
    fn argument(&self, signature: &'static Signature, index: c_uint) -> usize {
        // SAFETY: INV-NODE-8: built by V8's constructor, with more arguments than `index`. It computes an address.
        unsafe { (self.argument_info)(&signature.info, index) as usize }
    }

    fn build(&self, result: Type, arguments: &[Type]) -> &'static Signature {
        // For ever: V8 keeps the address in each function.
        let signature = Box::leak(Box::new(Signature {
            info: CFunctionInfo(MaybeUninit::uninit()),
            arguments: Types::new(arguments, self.stride),
        }));
        let result = Types::new(&[result], self.stride);
        // SAFETY: INV-NODE-8: the constructor fills `info`, which has more room than any version needs, copies the
        // result's type and keeps the address of the arguments', which stay where they are.
        unsafe {
            (self.info_new)(
                &mut signature.info,
                &result,
                arguments.len() as c_uint,
                &signature.arguments,
                NUMBERS,
            );
        }
        signature
    }
}

/// An executable or a library of this process, by where it is loaded.
struct Module(*const c_void);

impl Module {
    /// The one that a name is first found in.
    fn of(name: &'static CStr) -> Result<Self, Reason> {
        let address = address_of(name)?;
        Self::at(address, name)
    }

    fn at(address: *const c_void, name: &'static CStr) -> Result<Self, Reason> {
        let mut info = MaybeUninit::<libc::Dl_info>::uninit();
        // SAFETY: INV-NODE-8: `dladdr` fills the structure if it returns anything but 0, and only then is it read.
        let base = unsafe {
            if libc::dladdr(address, info.as_mut_ptr()) == 0 {
                return Err(foreign(name));
            }
            info.assume_init().dli_fbase
        };
        Ok(Self(base))
    }

    /// The function of that name, if it is this module's.
    ///
    /// # Safety
    ///
    /// INV-NODE-8: `F` is a function pointer of the type that the name stands for.
    unsafe fn function<F: Copy>(&self, name: &'static CStr) -> Result<F, Reason> {
        const { assert!(size_of::<F>() == size_of::<*const c_void>()) };
        let address = address_of(name)?;
        if Self::at(address, name)?.0 != self.0 {
            return Err(foreign(name));
        }
        // SAFETY: INV-NODE-8: passed on; the address is a function's and not null.
        Ok(unsafe { std::mem::transmute_copy::<*const c_void, F>(&address) })
    }

    /// The number of that name, if it is this module's.
    ///
    /// # Safety
    ///
    /// INV-NODE-8: the name is that of an `int` which never changes.
    unsafe fn number(&self, name: &'static CStr) -> Result<c_int, Reason> {
        let address = address_of(name)?;
        if Self::at(address, name)?.0 != self.0 {
            return Err(foreign(name));
        }
        // SAFETY: INV-NODE-8: passed on.
        Ok(unsafe { address.cast::<c_int>().read() })
    }
}

fn address_of(name: &'static CStr) -> Result<*const c_void, Reason> {
    // SAFETY: INV-NODE-8: a look-up by a string that ends with NUL.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    if address.is_null() {
        Err(Reason::Missing(text(name)))
    } else {
        Ok(address)
    }
}

fn foreign(name: &'static CStr) -> Reason {
    Reason::Foreign(text(name))
}

fn text(name: &'static CStr) -> &'static str {
    name.to_str().unwrap_or("a symbol")
}
