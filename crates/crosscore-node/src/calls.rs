//! The cold crossings: functions of an environment that take a handle's number.
//!
//! Plain functions of Node-API without `this`. A number that stands for no handle of this thread has ended, and so
//! there is nothing to do; only what has to return something throws.

use std::ffi::CStr;
use std::ptr;
use std::sync::OnceLock;
use std::time::Instant;

use napi::sys;

use crate::control::Control;
use crate::doorbell::{Doorbell, Listener};
use crate::environment::Environment;
use crate::handle::{HANDLES, HandleSlot, Rest, end, take};
use crate::side::Side;
use crate::slot::Tenant;
use crate::status::{Code, error};
use crate::token;
use crate::value::{Callback, boolean, count, function, list, number, string, text, throw};

/// All of them, by the names that `lib/native/addon.ts` calls them by.
const CALLS: [(&CStr, Callback); 18] = [
    (c"memory", memory),
    (c"shown", shown),
    (c"block", block),
    (c"listen", listen),
    (c"arm", arm),
    (c"disarm", disarm),
    (c"hold", hold),
    (c"letGo", let_go),
    (c"ask", ask),
    (c"stats", stats),
    (c"close", close),
    (c"reason", reason),
    (c"drop", drop_elements),
    (c"gaps", gaps),
    (c"move", move_out),
    (c"settle", settle),
    (c"now", now),
    (c"expressHits", express_hits),
];

/// Makes the functions.
pub(crate) fn functions(env: sys::napi_env) -> napi::Result<Vec<(&'static CStr, sys::napi_value)>> {
    CALLS
        .iter()
        .map(|&(name, callback)| Ok((name, function(env, name, callback, ptr::null_mut())?)))
        .collect()
}

/// The first two arguments: the slot of a handle's number, if there is one, and whatever comes second.
fn arguments(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> (Option<&'static HandleSlot>, sys::napi_value) {
    let mut values = [ptr::null_mut(); 2];
    let mut count = values.len();
    let mut number = f64::NAN;
    // SAFETY: INV-NODE-1: `env` and `info` are those of the call that is under way, with room for as many arguments as
    // is said; Node fills up with `undefined`. A value that is no number leaves the NaN as it is.
    unsafe {
        let status = sys::napi_get_cb_info(
            env,
            info,
            &mut count,
            values.as_mut_ptr(),
            ptr::null_mut(),
            ptr::null_mut(),
        );
        if status != sys::Status::napi_ok {
            return (None, ptr::null_mut());
        }
        sys::napi_get_value_double(env, values[0], &mut number);
    }
    (HANDLES.mine(number), values[1])
}

/// Has `f` use the handle of the first argument, if it has not ended.
fn with<T>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    f: impl FnOnce(&mut dyn Side, &Control, &mut Rest) -> T,
) -> Option<T> {
    let (slot, _) = arguments(env, info);
    let slot = slot?;
    // SAFETY: INV-NODE-12: `mine` has asked for the thread, and `f` calls nothing that comes back here.
    let Tenant { port, rest, .. } = unsafe { slot.tenant() }?;
    Some(f(port.side()?, &slot.control, rest))
}

fn ended() -> napi::Error {
    error(Code::Moved, "the handle was moved or closed before")
}

/// A result as what a callback returns: `undefined` for nothing.
fn answer(env: sys::napi_env, result: napi::Result<Option<sys::napi_value>>) -> sys::napi_value {
    match result {
        Ok(value) => value.unwrap_or(ptr::null_mut()),
        Err(error) => throw(env, error),
    }
}

/// `memory(number)`: the ArrayBuffer over the ring.
unsafe extern "C" fn memory(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let made = with(env, info, |_, _, rest| {
        (rest.ring.clone(), rest.shared.clone())
    })
    .ok_or_else(ended)
    .and_then(|(ring, shared)| {
        Environment::enter(env)?
            .memory(env, &ring, &shared)
            .map(Some)
    });
    answer(env, made)
}

/// `shown(number)`: the program gets a view.
unsafe extern "C" fn shown(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let shown = with(env, info, |_, _, rest| {
        rest.shared.show();
        rest.shared.number
    });
    if let (Some(ring), Some(environment)) = (shown, Environment::current()) {
        environment.show(ring);
    }
    ptr::null_mut()
}

/// `block(number)`: waits on this thread for a slice of time.
unsafe extern "C" fn block(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    with(env, info, |side, control, _| side.block(control));
    ptr::null_mut()
}

/// `listen(number, callback)`: installs what the doorbell calls, once.
unsafe extern "C" fn listen(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let (slot, callback) = arguments(env, info);
    let listens = with(env, info, |_, _, rest| rest.listener.is_some());
    let (Some(slot), Some(false)) = (slot, listens) else {
        return ptr::null_mut();
    };
    // To open a doorbell asks Node, in whatever way; so no handle is borrowed meanwhile.
    let installed = Environment::enter(env).and_then(|environment| {
        let doorbell = environment.doorbell(env)?;
        let mut listener = Some(doorbell.listen(slot.index(), callback)?);
        with(env, info, |_, _, rest| {
            if rest.listener.is_none() {
                rest.listener = listener.take();
            }
        });
        if let Some(unused) = listener {
            doorbell.forget(unused);
        }
        Ok(None)
    });
    answer(env, installed)
}

/// `arm(number)`: has the doorbell call when what is wanted is there, unless it is; the wait keeps the event loop alive.
unsafe extern "C" fn arm(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    with(env, info, |side, control, rest| {
        with_doorbell(rest, |doorbell, listener| {
            let armed = doorbell.arm(listener, side, control);
            control.set_armed(armed);
            if armed {
                doorbell.hold(listener, true);
            }
        });
    });
    ptr::null_mut()
}

/// `disarm(number)`: takes the doorbell back, and lets the event loop end.
unsafe extern "C" fn disarm(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    with(env, info, |side, control, rest| {
        side.disarm(control);
        with_doorbell(rest, |doorbell, listener| {
            doorbell.disarm(listener);
            doorbell.hold(listener, false);
        });
    });
    ptr::null_mut()
}

/// `hold(number)`: a wait keeps the event loop alive.
unsafe extern "C" fn hold(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    with(env, info, |_, _, rest| keep_alive(rest, true));
    ptr::null_mut()
}

/// `letGo(number)`: the event loop may end although a wait is pending.
unsafe extern "C" fn let_go(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    with(env, info, |_, _, rest| keep_alive(rest, false));
    ptr::null_mut()
}

fn keep_alive(rest: &Rest, hold: bool) {
    with_doorbell(rest, |doorbell, listener| doorbell.hold(listener, hold));
}

/// Not while the environment is ending, nor for a handle that does not listen.
fn with_doorbell(rest: &Rest, f: impl FnOnce(&Doorbell, &Listener)) {
    let environment = Environment::current();
    let doorbell = environment.as_ref().and_then(|it| it.known_doorbell());
    if let (Some(doorbell), Some(listener)) = (doorbell, &rest.listener) {
        f(doorbell, listener);
    }
}

/// `ask(number)`: a look that publishes and counts nothing.
unsafe extern "C" fn ask(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    with(env, info, |side, control, _| side.ask(control));
    ptr::null_mut()
}

/// `stats(number)`: writes the statistics into the control block.
unsafe extern "C" fn stats(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    with(env, info, |side, control, _| {
        side.end().refusals(control.take_refused());
        control.set_stats(&side.stats(control));
    });
    ptr::null_mut()
}

/// `close(number, reason?)`: ends the handle.
unsafe extern "C" fn close(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let (slot, reason) = arguments(env, info);
    if let Some(reason) = text(env, reason) {
        with(env, info, |side, _, _| side.end().set_reason(reason));
    }
    if let Some(slot) = slot {
        // SAFETY: INV-NODE-12: `mine` has asked for the thread; the borrow ends at once.
        let ring = unsafe { slot.tenant() }.map(|tenant| tenant.rest.shared.number);
        // SAFETY: INV-NODE-12: as above, and there is no borrow.
        unsafe { end(slot) };
        if let (Some(ring), Some(environment)) = (ring, Environment::current()) {
            environment.over(ring, false);
        }
    }
    ptr::null_mut()
}

/// `reason(number)`: what the other side has closed with.
unsafe extern "C" fn reason(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let (slot, _) = arguments(env, info);
    // SAFETY: INV-NODE-12: `mine` has asked for the thread; the borrow ends at once.
    let reason = slot
        .and_then(|slot| unsafe { slot.tenant() })
        .and_then(|tenant| tenant.rest.shared.reason_of_other(tenant.rest.which))
        .map(str::to_owned);
    answer(env, reason.map(|text| string(env, &text)).transpose())
}

/// `drop(number, count)`: a producer has dropped so many behind what it has written.
unsafe extern "C" fn drop_elements(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let (_, value) = arguments(env, info);
    if let Some(count) = count(env, value) {
        with(env, info, |side, control, rest| {
            rest.shared.drops.add(side.position(control), count);
        });
    }
    ptr::null_mut()
}

/// `gaps(number)`: what a consumer has come to and was not told of, as place, count, place, count, ….
unsafe extern "C" fn gaps(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let gaps = with(env, info, |side, control, rest| {
        rest.shared.drops.take(side.position(control))
    });
    let numbers: Vec<_> = gaps
        .unwrap_or_default()
        .iter()
        .flat_map(|gap| [gap.at as f64, gap.count as f64])
        .collect();
    answer(env, list(env, &numbers).map(Some))
}

/// `move(number)`: empties the handle and returns the token's id.
unsafe extern "C" fn move_out(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let (slot, _) = arguments(env, info);
    let id = slot
        // SAFETY: INV-NODE-12: `mine` has asked for the thread, and there is no borrow.
        .and_then(|slot| token::park(unsafe { take(slot) }))
        .ok_or_else(ended)
        .and_then(|id| string(env, &id).map(Some));
    answer(env, id)
}

/// `settle()`: publishes what the handles on the environment's list owe; whether there was anything.
unsafe extern "C" fn settle(env: sys::napi_env, _info: sys::napi_callback_info) -> sys::napi_value {
    let settled = Environment::current().is_some_and(|environment| environment.settle());
    answer(env, boolean(env, settled).map(Some))
}

/// `now()`: milliseconds of a monotonic clock.
unsafe extern "C" fn now(env: sys::napi_env, _info: sys::napi_callback_info) -> sys::napi_value {
    static START: OnceLock<Instant> = OnceLock::new();
    let elapsed = START.get_or_init(Instant::now).elapsed();
    answer(env, number(env, elapsed.as_secs_f64() * 1e3).map(Some))
}

/// `expressHits()`: crossings by the express lane, of all handles of the process so far.
unsafe extern "C" fn express_hits(
    env: sys::napi_env,
    _info: sys::napi_callback_info,
) -> sys::napi_value {
    answer(env, number(env, HANDLES.hits() as f64).map(Some))
}
