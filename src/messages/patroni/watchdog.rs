//! Patroni: the watchdog.

use super::super::{Message, m, noise};
use crate::model::What::*;

pub(super) const MESSAGES: &[Message] = &[
    m(WatchdogArmed, "{} activated with {s} second timeout, timing slack {} seconds", "Linux watchdog device activated with 25 second timeout, timing slack 15 seconds", "patroni/watchdog/base.py, all"),
    noise("{} updated with {} second timeout, timing slack {} seconds", "Linux watchdog device updated with 25 second timeout, timing slack 15 seconds", "patroni/watchdog/base.py, 2.1.6+"),
    m(WatchdogUnavailable, "Could not activate {}: {why}", "Could not activate Linux watchdog device: Can't open watchdog device: [Errno 2] No such file or directory: '/dev/watchdog'", "patroni/watchdog/base.py, all; from 4.1.0 only where required"),
    m(WatchdogRequiredFailed, "Configuration requires a watchdog, but watchdog is not supported on this platform.", "Configuration requires a watchdog, but watchdog is not supported on this platform.", "patroni/watchdog/base.py, all"),
    m(WatchdogRequiredFailed, "Configuration requires watchdog, but a safe watchdog timeout {} could not be configured", "Configuration requires watchdog, but a safe watchdog timeout 25 could not be configured. Watchdog timeout is 60.", "patroni/watchdog/base.py, all"),
    m(WatchdogRequiredFailed, "Configuration requires watchdog, but watchdog could not be activated", "Configuration requires watchdog, but watchdog could not be activated", "patroni/watchdog/base.py, all"),
    m(WatchdogRequiredFailed, "Configuration requires watchdog, but watchdog could not be configured.", "Configuration requires watchdog, but watchdog could not be configured.", "patroni/watchdog/base.py, all"),
    m(WatchdogRequiredFailed, "Not promoting self because watchdog could not be activ", "Not promoting self because watchdog could not be activated", "patroni/ha.py, all (`actived` up to 1.3.3)"),
    m(WatchdogUnsafe, "Watchdog not supported because leader TTL {s} is less than 2x loop_wait {}", "Watchdog not supported because leader TTL 3 is less than 2x loop_wait 10", "patroni/watchdog/base.py, all"),
    m(WatchdogUnsafe, "Watchdog timeout {s} seconds does not ensure safe termination within {} seconds", "Watchdog timeout 60 seconds does not ensure safe termination within 25 seconds", "patroni/watchdog/base.py, all"),
    m(WatchdogUnsafe, "loop_wait of {} seconds is too long for watchdog {s} second timeout", "loop_wait of 30 seconds is too long for watchdog 25 second timeout", "patroni/watchdog/base.py, all"),
    m(WatchdogUnsafe, "Disabling watchdog due to unsafe timeout.", "Disabling watchdog due to unsafe timeout.", "patroni/watchdog/base.py, all"),
    m(WatchdogUnsafe, "Watchdog mode {} not recognized, disabling watchdog", "Watchdog mode on not recognized, disabling watchdog", "patroni/watchdog/base.py, all"),
    m(WatchdogResetPending, "Watchdog implementation can't be disabled. System will reboot after {s} seconds when watchdog times out.", "Watchdog implementation can't be disabled. System will reboot after 25 seconds when watchdog times out.", "patroni/watchdog/base.py, all"),
    m(WatchdogUnsafe, "Watchdog implementation can't be disabled. Watchdog will trigger after Patroni loses leader key.", "Watchdog implementation can't be disabled. Watchdog will trigger after Patroni loses leader key.", "patroni/watchdog/base.py, all"),
    m(WatchdogUnsafe, "Error while disabling watchdog: {why}", "Error while disabling watchdog: Error while closing Linux watchdog device: [Errno 5] Input/output error", "patroni/watchdog/base.py, all"),
    m(WatchdogResetPending, "Error while sending keepalive: {why}", "Error while sending keepalive: Could not send watchdog keepalive: [Errno 5] Input/output error", "patroni/watchdog/base.py, all"),
    m(RaceRejected, "Watchdog device is not usable", "Watchdog device is not usable", "patroni/ha.py, 2.0.2+"),
];
