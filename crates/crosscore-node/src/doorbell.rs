//! How other threads reach this environment's event loop: one doorbell for all of its handles.
//!
//! A handle that waits for the first time gets a [`Listener`]. Before the loop sleeps it looks whether what is waited for
//! is there, for a while if that is worth it, and only then leaves a waker with the other side. A publication
//! there finds this side parked and rings, once for each wait, never per message. The loop calls the function
//! of each handle that was rung or has what it waits for, as Node calls any callback: `process.nextTick` and microtasks
//! run after each.
//!
//! | file | what |
//! | --- | --- |
//! | `rung.rs` | who has been rung; no ring is lost, none comes after the end |
//! | `vigil.rs` | for how long it looks before it sleeps |
//! | `uv.rs` | the bell on Node, a `uv_async_t`, and what runs before the loop sleeps |
//! | this one | the loop's side, and the bell elsewhere: a threadsafe function |
//!
//! Node's threadsafe function does the same with a queue and a lock that the ringer holds while the loop wakes; on one
//! processor that costs two more switches for each ring.

mod rung;
mod uv;
mod vigil;

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Wake, Waker};

use napi::{Env, sys};

use crate::control::Control;
use crate::environment::Environment;
use crate::handle::HANDLES;
use crate::runtime;
use crate::side::Side;
use crate::slot::Tenant;
use crate::status::check;
use rung::{Bell, Rung};
use vigil::Vigil;

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
    /// It may be left with other threads and outlive everything here.
    waker: Waker,
}

impl Listener {
    /// Leaves the waker with the other side at once; whether it did, because what is wanted is not there.
    pub(crate) fn arm(&self, side: &mut dyn Side, control: &Control) -> bool {
        side.arm(control, &self.waker)
    }
}

/// What a wait is for, seen from when it began.
#[derive(Clone, Copy, Debug)]
struct Expectation {
    wanted: usize,
    /// Where this side was.
    position: u64,
}

impl Expectation {
    /// Whether it is worth a look of JavaScript's. How much that is may depend on where this side is (`flushed()`), so it is
    /// asked anew when this side has gone on.
    fn is_met(self, side: &dyn Side, control: &Control) -> bool {
        side.has(self.wanted) || side.position(control) != self.position
    }
}

/// Who listens at a place.
#[derive(Clone, Copy, Debug)]
struct Guest {
    callback: sys::napi_ref,
    /// The index of its slot.
    slot: u32,
    holds: bool,
    /// What it waits for, as long as its waker is still here.
    expects: Option<Expectation>,
    /// It is on the list of those.
    is_listed: bool,
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
    /// What runs before a sleep, where that is to be had.
    eve: Cell<Option<uv::Eve>>,
    /// Places of guests that expect something, and of some that no longer do.
    expecting: RefCell<Vec<u32>>,
    vigil: RefCell<Vigil>,
    /// For [`Lobby::call_all`]: empty, with room.
    taken: RefCell<Vec<u32>>,
    /// Handles of libuv's that are still to be closed.
    open: Cell<u32>,
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
            eve: Cell::new(None),
            expecting: RefCell::default(),
            vigil: RefCell::new(Vigil::new()),
            taken: RefCell::default(),
            open: Cell::new(0),
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
        if let LoopBell::Async(_) = bell {
            // SAFETY: INV-NODE-9: as above.
            let eve = unsafe { uv::Eve::open(env.raw(), data) };
            lobby.open.set(1 + eve.map_or(0, |_| uv::Eve::HANDLES));
            lobby.eve.set(eve);
        }

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
    pub(crate) fn listen(&self, slot: u32, callback: sys::napi_value) -> napi::Result<Listener> {
        let lobby = &*self.lobby;
        let rung = Arc::clone(lobby.rung());
        let mut reference = ptr::null_mut();
        // SAFETY: INV-NODE-1: a value of the call that is under way.
        let status = unsafe { sys::napi_create_reference(lobby.env, callback, 1, &mut reference) };
        check(status, "napi_create_reference")?;
        let guest = Some(Guest {
            callback: reference,
            slot,
            holds: false,
            expects: None,
            is_listed: false,
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
        })
    }

    /// A handle waits for what its control block says: its callback is called when that is there. Whether it has to.
    pub(crate) fn arm(&self, listener: &Listener, side: &mut dyn Side, control: &Control) -> bool {
        let lobby = &*self.lobby;
        let Some(eve) = lobby.eve.get() else {
            return listener.arm(side, control);
        };
        side.publish(control, 0);
        let wanted = control.wanted();
        if side.has(wanted) {
            return false;
        }
        let mut guests = lobby.guests.borrow_mut();
        let Some(guest) = &mut guests[listener.place as usize] else {
            return false;
        };
        guest.expects = Some(Expectation {
            wanted,
            position: side.position(control),
        });
        if !guest.is_listed {
            guest.is_listed = true;
            let mut expecting = lobby.expecting.borrow_mut();
            expecting.push(listener.place);
            if expecting.len() == 1 {
                eve.start(before_sleep);
            }
        }
        true
    }

    /// It no longer waits, as far as this side knows.
    pub(crate) fn disarm(&self, listener: &Listener) {
        if let Some(guest) = &mut self.lobby.guests.borrow_mut()[listener.place as usize] {
            guest.expects = None;
        }
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
        let mut taken = self.taken.take();
        self.rung().take(&mut taken);
        self.call_all(taken);
    }

    /// The loop is about to poll: calls everybody who has what he expects, or leaves the wakers.
    fn attend(&self) {
        let Some(eve) = self.eve.get() else {
            return;
        };
        eve.keep_awake(false);
        let mut expecting = self.expecting.take();
        let mut found = self.taken.take();
        self.find(&mut expecting, &mut found);
        if found.is_empty() && !expecting.is_empty() && eve.will_sleep() {
            let is_there = || expecting.iter().any(|&place| self.has(place) == Some(true));
            if self.vigil.borrow_mut().keep(is_there) {
                self.find(&mut expecting, &mut found);
            } else {
                for place in expecting.drain(..) {
                    if !self.leave_waker(place) {
                        found.push(place);
                    }
                }
            }
        }
        let room = self.expecting.replace(expecting);
        debug_assert!(room.is_empty(), "nothing above runs JavaScript");
        self.call_all(found);
        // What was called may have ended the environment.
        let Some(eve) = self.eve.get() else {
            return;
        };
        if self.expecting.borrow().is_empty() {
            eve.stop();
        } else {
            // Somebody has not left his waker, so nothing of his could wake the loop.
            eve.keep_awake(true);
        }
    }

    /// Moves those who have what they expect from one list to the other, and those who expect nothing off the list.
    fn find(&self, expecting: &mut Vec<u32>, found: &mut Vec<u32>) {
        expecting.retain(|&place| {
            let has = self.has(place);
            if has != Some(false) {
                self.unlist(place);
            }
            if has == Some(true) {
                found.push(place);
            }
            has == Some(false)
        });
    }

    /// Whether what is expected at a place is there; `None` if nothing is.
    fn has(&self, place: u32) -> Option<bool> {
        self.with_guest(place, |side, control, _, expects| {
            expects.is_met(side, control)
        })
    }

    /// Leaves the waker of a guest with the other side; false if what is expected is there now.
    fn leave_waker(&self, place: u32) -> bool {
        let left = self.with_guest(place, |side, control, listener, expects| {
            // A program may have written something else since.
            control.set_wanted(expects.wanted as u32);
            listener.arm(side, control)
        });
        self.unlist(place);
        left.unwrap_or(true)
    }

    fn unlist(&self, place: u32) {
        if let Some(Some(guest)) = self.guests.borrow_mut().get_mut(place as usize) {
            guest.expects = None;
            guest.is_listed = false;
        }
    }

    /// Has `f` use the handle at a place, if it expects something.
    fn with_guest<T>(
        &self,
        place: u32,
        f: impl FnOnce(&mut dyn Side, &Control, &Listener, Expectation) -> T,
    ) -> Option<T> {
        let guest = self
            .guests
            .borrow()
            .get(place as usize)
            .copied()
            .flatten()?;
        let expects = guest.expects?;
        let slot = HANDLES.mine_at(guest.slot)?;
        // SAFETY: INV-NODE-12: `mine_at` has asked for the thread, and what `f` calls does not come back here.
        let Tenant { port, rest, .. } = unsafe { slot.tenant() }?;
        let listener = rest.listener.as_ref().filter(|it| it.place == place)?;
        Some(f(port.side()?, &slot.control, listener, expects))
    }

    /// Calls the guests at these places.
    fn call_all(&self, mut places: Vec<u32>) {
        if !places.is_empty() {
            // What is called may do anything that JavaScript can, so nothing is borrowed meanwhile.
            // What is owed when all have been called is settled here: a setImmediate for it, in every turn, would cost 5 %
            // of an awaited round trip.
            let environment = Environment::current();
            let settles = environment.as_ref().is_some_and(|it| it.begin_turn());
            for &place in &places {
                let guest = self.guests.borrow().get(place as usize).copied().flatten();
                if let Some(guest) = guest {
                    self.call(guest.callback);
                }
            }
            if let (true, Some(environment)) = (settles, environment) {
                environment.end_turn();
            }
            places.clear();
        }
        self.taken.replace(places);
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
    // SAFETY: INV-NODE-9: the callback of that handle, which is open.
    unsafe { lobby_of(handle) }.answer();
}

/// The loop's thread, before it polls, while anybody expects something.
unsafe extern "C" fn before_sleep(handle: *mut c_void) {
    // SAFETY: INV-NODE-9: the callback of that handle, which is open.
    unsafe { lobby_of(handle) }.attend();
}

/// With a count of its own, for the length of a call: what is called may end everything else.
///
/// # Safety
///
/// INV-NODE-9: a callback of that handle is under way, and the handle is open.
unsafe fn lobby_of(handle: *mut c_void) -> Rc<Lobby> {
    // SAFETY: INV-NODE-9, INV-NODE-1: the caller's promise, and an open handle counts its lobby.
    unsafe {
        let lobby = uv::data(handle).cast::<Lobby>();
        Rc::increment_strong_count(lobby);
        Rc::from_raw(lobby)
    }
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
    let (bell, eve) = {
        // SAFETY: INV-NODE-1: counted by the caller.
        let lobby = unsafe { &*lobby };
        lobby.bell.set(None);
        (lobby.rung().close(), lobby.eve.take())
    };
    match bell {
        // SAFETY: INV-NODE-9: the bell has been taken out under its lock, so nobody rings it, and the other handles with
        // it.
        Some(LoopBell::Async(handle)) => unsafe {
            if let Some(eve) = eve {
                eve.close(handle_closed);
            }
            handle.close(handle_closed);
        },
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

/// libuv has let go of one of the handles.
unsafe extern "C" fn handle_closed(handle: *mut c_void) {
    // SAFETY: INV-NODE-9: the close callback of that handle. INV-NODE-1: the count that the handles had is there until
    // the last of them has closed.
    unsafe {
        let lobby = uv::data(handle).cast::<Lobby>();
        uv::free(handle);
        let open = (*lobby).open.get() - 1;
        (*lobby).open.set(open);
        if open == 0 {
            closed(lobby);
        }
    }
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
