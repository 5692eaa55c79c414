//! How other threads reach this environment's event loop: one doorbell for all of its handles.
//!
//! A handle that waits for the first time gets a [`Listener`] and leaves its waker with the other side. A publication
//! there finds this side parked and rings, once for each wait, never per message. The loop then calls the function
//! of each handle that was rung, as Node calls any callback: `process.nextTick` and microtasks run after each.
//!
//! | file | what |
//! | --- | --- |
//! | `rung.rs` | who has been rung; no ring is lost, none comes after the end |
//! | `courtesy.rs` | what is tried before a wait |
//! | `uv.rs` | the bell on Node: a `uv_async_t` |
//! | this one | the loop's side, and the bell elsewhere: a threadsafe function |
//!
//! Node's threadsafe function does the same with a queue and a lock that the ringer holds while the loop wakes; on one
//! processor that costs two more switches for each ring.

mod courtesy;
mod rung;
mod uv;

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Wake, Waker};

use napi::{Env, sys};

use crate::environment::Environment;
use crate::runtime;
use crate::status::check;
use courtesy::Courtesy;
use rung::{Bell, Rung};

/// What wakes the loop.
#[derive(Clone, Copy, Debug)]
enum LoopBell {
    Async(uv::Async),
    /// A threadsafe function that is acquired once.
    Function(sys::napi_threadsafe_function),
}

// SAFETY: INV-NODE-5, INV-NODE-9: other threads only ring it, under the lock of `Rung`.
unsafe impl Send for LoopBell {}

impl Bell for LoopBell {
    fn ring(&self) {
        match *self {
            Self::Async(handle) => handle.ring(),
            Self::Function(function) => {
                // SAFETY: INV-NODE-5: acquired until `close`, which waits for the lock that is held here.
                let _status = unsafe {
                    sys::napi_call_threadsafe_function(
                        function,
                        ptr::null_mut(),
                        sys::ThreadsafeFunctionCallMode::nonblocking,
                    )
                };
                // It fails only when the environment is closing: then nobody is left to be woken.
            }
        }
    }
}

/// A handle's waker: its place at the doorbell of its environment.
#[derive(Debug)]
struct Button {
    rung: Arc<Rung<LoopBell>>,
    place: u32,
}

impl Wake for Button {
    fn wake(self: Arc<Self>) {
        self.rung.ring(self.place);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.ring(self.place);
    }
}

/// A handle's place at the doorbell, as long as it is listening: until [`Doorbell::forget`].
#[derive(Debug)]
pub(crate) struct Listener {
    place: u32,
    waker: Waker,
    courtesy: Courtesy,
}

impl Listener {
    /// Runs `arm` with what rings, which may be left with other threads and outlive everything here; whether it was.
    pub(crate) fn arm(&mut self, arm: impl FnOnce(&Waker) -> bool) -> bool {
        self.courtesy.before(|| arm(&self.waker))
    }
}

/// Who listens at a place.
#[derive(Clone, Copy, Debug)]
struct Guest {
    callback: sys::napi_ref,
    holds: bool,
}

/// The half that stays on the environment's thread. It serves every handle of the environment.
#[derive(Debug)]
pub(crate) struct Doorbell {
    lobby: Rc<Lobby>,
}

#[derive(Debug)]
struct Lobby {
    env: sys::napi_env,
    /// There from `Doorbell::open` on.
    rung: OnceCell<Arc<Rung<LoopBell>>>,
    /// The bell without its lock, as long as it rings: only this half takes it away.
    bell: Cell<Option<LoopBell>>,
    /// By place.
    guests: RefCell<Vec<Option<Guest>>>,
    /// Places that nobody has.
    vacant: RefCell<Vec<u32>>,
    /// Guests that keep the loop alive.
    holding: Cell<u32>,
    /// For `answer`: empty, with room.
    taken: RefCell<Vec<u32>>,
    hook: Cell<sys::napi_async_cleanup_hook_handle>,
}

impl Doorbell {
    /// The doorbell of an environment that has none yet. It does not keep the loop alive before a handle
    /// [holds](Self::hold) it.
    pub(crate) fn open(env: &Env) -> napi::Result<Self> {
        let lobby = Rc::new(Lobby {
            env: env.raw(),
            rung: OnceCell::new(),
            bell: Cell::new(None),
            guests: RefCell::default(),
            vacant: RefCell::default(),
            holding: Cell::new(0),
            taken: RefCell::default(),
            hook: Cell::new(ptr::null_mut()),
        });
        let data = Rc::as_ptr(&lobby).cast::<c_void>();
        // Bun has functions of these names that abort.
        let is_node = runtime::other_than_node(env)?.is_none();
        let bell = is_node
            // SAFETY: INV-NODE-9: this is Node; the callbacks take `data` for what it is.
            .then(|| unsafe { uv::Async::open(env.raw(), data, async_rung) })
            .flatten()
            .map_or_else(
                || threadsafe_function(env.raw(), data).map(LoopBell::Function),
                |handle| Ok(LoopBell::Async(handle)),
            )?;
        lobby.rung.get_or_init(|| Arc::new(Rung::new(bell)));
        lobby.bell.set(Some(bell));

        // The count of the bell and of the hook: given back when the bell has closed.
        let data = Rc::into_raw(Rc::clone(&lobby)).cast_mut().cast();
        let mut hook = ptr::null_mut();
        // After the bell: hooks run in reverse order, and a threadsafe function has registered one of its own,
        // after which nobody may ring it.
        // SAFETY: INV-NODE-1: the hook takes its argument for what it is and runs once.
        let status = unsafe {
            sys::napi_add_async_cleanup_hook(env.raw(), Some(environment_ends), data, &mut hook)
        };
        if let Err(error) = check(status, "napi_add_async_cleanup_hook") {
            // SAFETY: INV-NODE-1: no hook was registered, so its count is the one that closing gives back.
            unsafe { close(data.cast_const().cast()) };
            return Err(error);
        }
        lobby.hook.set(hook);
        Ok(Self { lobby })
    }

    /// A place for a handle: `callback` is called on the loop after each ring. It may be called once more than it
    /// was rung, so it looks before it believes.
    pub(crate) fn listen(&self, callback: sys::napi_value) -> napi::Result<Listener> {
        let lobby = &*self.lobby;
        let rung = Arc::clone(lobby.rung());
        let mut reference = ptr::null_mut();
        // SAFETY: INV-NODE-1: a value of the call that is under way.
        let status = unsafe { sys::napi_create_reference(lobby.env, callback, 1, &mut reference) };
        check(status, "napi_create_reference")?;
        let guest = Some(Guest {
            callback: reference,
            holds: false,
        });
        let mut guests = lobby.guests.borrow_mut();
        let place = match lobby.vacant.borrow_mut().pop() {
            Some(place) => {
                guests[place as usize] = guest;
                place
            }
            None => {
                guests.push(guest);
                (guests.len() - 1) as u32
            }
        };
        Ok(Listener {
            place,
            waker: Waker::from(Arc::new(Button { rung, place })),
            courtesy: Courtesy::default(),
        })
    }

    /// The handle has ended: its callback is called no more, and it holds nothing.
    pub(crate) fn forget(&self, listener: Listener) {
        self.hold(&listener, false);
        let lobby = &*self.lobby;
        let place = listener.place;
        let guest = lobby.guests.borrow_mut()[place as usize].take();
        lobby.vacant.borrow_mut().push(place);
        if let Some(guest) = guest {
            // SAFETY: INV-NODE-1: made in `listen`, deleted once.
            let _status = unsafe { sys::napi_delete_reference(lobby.env, guest.callback) };
        }
    }

    /// Whether a handle's wait keeps the event loop alive.
    pub(crate) fn hold(&self, listener: &Listener, hold: bool) {
        let lobby = &*self.lobby;
        let mut guests = lobby.guests.borrow_mut();
        let Some(guest) = &mut guests[listener.place as usize] else {
            return;
        };
        if guest.holds == hold {
            return;
        }
        guest.holds = hold;
        let before = lobby.holding.get();
        let after = if hold { before + 1 } else { before - 1 };
        lobby.holding.set(after);
        if (before == 0) != (after == 0) {
            lobby.keep_alive(after != 0);
        }
    }
}

impl Lobby {
    fn rung(&self) -> &Arc<Rung<LoopBell>> {
        self.rung.get().expect("set by Doorbell::open")
    }

    fn keep_alive(&self, hold: bool) {
        match self.bell.get() {
            Some(LoopBell::Async(handle)) => handle.hold(hold),
            Some(LoopBell::Function(function)) => {
                // SAFETY: INV-NODE-5: acquired, and on the environment's thread.
                let _status = unsafe {
                    if hold {
                        sys::napi_ref_threadsafe_function(self.env, function)
                    } else {
                        sys::napi_unref_threadsafe_function(self.env, function)
                    }
                };
                // A failure means that the environment is ending, and with it the loop.
            }
            None => {}
        }
    }

    /// The bell has been rung: calls everybody who was.
    fn answer(&self) {
        // What is called may do anything that JavaScript can, so nothing is borrowed meanwhile.
        let mut taken = self.taken.take();
        // What is owed when all have been called is settled here: a setImmediate for it, in every turn, would cost 5 %
        // of an awaited round trip.
        let environment = Environment::current();
        let settles = environment.as_ref().is_some_and(|it| it.begin_turn());
        self.rung().take(&mut taken);
        for &place in &taken {
            let guest = self.guests.borrow().get(place as usize).copied().flatten();
            if let Some(guest) = guest {
                self.call(guest.callback);
            }
        }
        if let (true, Some(environment)) = (settles, environment) {
            environment.end_turn();
        }
        taken.clear();
        self.taken.replace(taken);
    }

    /// Calls a guest as Node calls back. When the environment is ending nothing of this works, and nobody waits.
    fn call(&self, callback: sys::napi_ref) {
        let env = self.env;
        // SAFETY: INV-NODE-1: on the environment's thread, where no call is under way, so with a scope of its own;
        // the reference was read from the table just now. Each out-value is read after its call has succeeded.
        unsafe {
            let mut scope = ptr::null_mut();
            if sys::napi_open_handle_scope(env, &mut scope) != sys::Status::napi_ok {
                return;
            }
            let mut function = ptr::null_mut();
            let mut receiver = ptr::null_mut();
            if sys::napi_get_reference_value(env, callback, &mut function) == sys::Status::napi_ok
                && sys::napi_get_global(env, &mut receiver) == sys::Status::napi_ok
            {
                let status = sys::napi_make_callback(
                    env,
                    ptr::null_mut(),
                    receiver,
                    function,
                    0,
                    ptr::null(),
                    ptr::null_mut(),
                );
                if status == sys::Status::napi_pending_exception {
                    // As if any other callback had thrown it.
                    let mut exception = ptr::null_mut();
                    if sys::napi_get_and_clear_last_exception(env, &mut exception)
                        == sys::Status::napi_ok
                    {
                        sys::napi_fatal_exception(env, exception);
                    }
                }
            }
            sys::napi_close_handle_scope(env, scope);
        }
    }
}

/// The loop's thread, after a ring.
unsafe extern "C" fn async_rung(handle: *mut c_void) {
    // SAFETY: INV-NODE-9: the callback of that handle.
    let lobby = unsafe { uv::Async::data(handle) }.cast::<Lobby>();
    // Its own count, for the length of the call: what is called may end everything else.
    // SAFETY: INV-NODE-1: an open handle counts its lobby.
    let lobby = unsafe {
        Rc::increment_strong_count(lobby);
        Rc::from_raw(lobby)
    };
    lobby.answer();
}

/// The same of a threadsafe function.
unsafe extern "C" fn function_rung(
    env: sys::napi_env,
    _function: sys::napi_value,
    context: *mut c_void,
    _data: *mut c_void,
) {
    // Null when the queue is thrown away.
    if env.is_null() {
        return;
    }
    let lobby = context.cast::<Lobby>().cast_const();
    // SAFETY: INV-NODE-1: a threadsafe function that still calls counts its lobby.
    let lobby = unsafe {
        Rc::increment_strong_count(lobby);
        Rc::from_raw(lobby)
    };
    lobby.answer();
}

fn threadsafe_function(
    env: sys::napi_env,
    data: *const c_void,
) -> napi::Result<sys::napi_threadsafe_function> {
    let name = crate::value::string(env, "crosscore")?;
    let mut function = ptr::null_mut();
    // SAFETY: INV-NODE-1: the name is a value of the call that is under way; with a `call_js_cb` no function is
    // needed, and it takes the context for what it is.
    let status = unsafe {
        sys::napi_create_threadsafe_function(
            env,
            ptr::null_mut(),
            ptr::null_mut(),
            name,
            0,
            1,
            ptr::null_mut(),
            None,
            data.cast_mut(),
            Some(function_rung),
            &mut function,
        )
    };
    check(status, "napi_create_threadsafe_function")?;
    // SAFETY: INV-NODE-5: acquired, and on the environment's thread.
    let status = unsafe { sys::napi_unref_threadsafe_function(env, function) };
    check(status, "napi_unref_threadsafe_function")?;
    Ok(function)
}

/// Cleanup hook: the environment ends, by exit, error or `terminate()`. Node waits until the hook has been removed.
unsafe extern "C" fn environment_ends(
    _hook: sys::napi_async_cleanup_hook_handle,
    data: *mut c_void,
) {
    // SAFETY: INV-NODE-1: the count that `open` gave to bell and hook.
    unsafe { close(data.cast::<Lobby>().cast_const()) };
}

/// Takes the bell away, and in the end the count that it and the hook have of the lobby.
///
/// # Safety
///
/// INV-NODE-1: that count is the caller's to give away. The environment's thread.
unsafe fn close(lobby: *const Lobby) {
    let bell = {
        // SAFETY: INV-NODE-1: counted by the caller.
        let lobby = unsafe { &*lobby };
        lobby.bell.set(None);
        lobby.rung().close()
    };
    match bell {
        // SAFETY: INV-NODE-9: the bell has been taken out under its lock, so nobody rings it.
        Some(LoopBell::Async(handle)) => unsafe { handle.close(async_closed) },
        Some(LoopBell::Function(function)) => {
            // SAFETY: INV-NODE-5: the one acquisition is given back, and nobody finds the function any more.
            let _status = unsafe {
                sys::napi_release_threadsafe_function(
                    function,
                    sys::ThreadsafeFunctionReleaseMode::abort,
                )
            };
            // SAFETY: INV-NODE-1: passed on. After the release it calls nobody.
            unsafe { closed(lobby) };
        }
        // SAFETY: INV-NODE-1: passed on.
        None => unsafe { closed(lobby) },
    }
}

/// libuv has let go of the handle.
unsafe extern "C" fn async_closed(handle: *mut c_void) {
    // SAFETY: INV-NODE-9: the close callback of that handle.
    let lobby = unsafe {
        let lobby = uv::Async::data(handle);
        uv::Async::free(handle);
        lobby
    };
    // SAFETY: INV-NODE-1: the count that the handle had.
    unsafe { closed(lobby.cast()) };
}

/// The bell is gone.
///
/// # Safety
///
/// As [`close`].
unsafe fn closed(lobby: *const Lobby) {
    // SAFETY: INV-NODE-1: passed on.
    let lobby = unsafe { Rc::from_raw(lobby) };
    let hook = lobby.hook.replace(ptr::null_mut());
    if !hook.is_null() {
        // SAFETY: INV-NODE-1: Node keeps the hook's handle until this.
        let _status = unsafe { sys::napi_remove_async_cleanup_hook(hook) };
    }
}
