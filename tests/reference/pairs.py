"""One synapse at a time: every change is a sum over the spikes that came before, straight from the papers.

Spikes are lists of step numbers. `sees` says whether an event counts the other neuron's spike of the same step.
"""

from math import exp, log

#: order -> (which side acts first, whether pre sees a coincident post spike, whether post sees a coincident pre spike)
ORDERS = {"brian2": ("pre", False, True), "strict": ("post", False, False), "inclusive": ("pre", True, True)}


def every(spikes, t, tau, dt, same=False):
    """Sum over all spikes before t of exp(-(t - s)/tau); `same` also counts one at t."""
    return sum(exp(-(t - s) * dt / tau) for s in spikes if s < t or (same and s == t))


def last(spikes, t, tau, dt, same=False):
    """The same for the most recent spike only."""
    before = [s for s in spikes if s < t or (same and s == t)]
    return exp(-(t - max(before)) * dt / tau) if before else 0.0


def run(w, pre, post, steps, order, at_pre, at_post, low, high):
    """The final weight of one synapse; at_pre(w, t, same), at_post(w, t, same) answer its change at an event."""
    first, pre_sees, post_sees = ORDERS[order]
    events = {"pre": (pre, at_pre, pre_sees), "post": (post, at_post, post_sees)}
    for t in range(steps):
        for side in (first, "post" if first == "pre" else "pre"):
            spikes, change, same = events[side]
            if t in spikes:
                w = min(max(w + change(w, t, same), low), high)
    return w


def pair(pre, post, dt, a_plus, a_minus, tau_plus, tau_minus, mu_plus=0.0, mu_minus=0.0, past=every, w_max=1.0):
    """Guetig et al. 2003: f+ = (1 - w/w_max)^mu+, f- = (w/w_max)^mu-."""
    return (lambda w, t, same: -a_minus * (w / w_max) ** mu_minus * past(post, t, tau_minus, dt, same),
            lambda w, t, same: a_plus * (1 - w / w_max) ** mu_plus * past(pre, t, tau_plus, dt, same))


def triplet(pre, post, dt, a2p, a3p, a2m, a3m, tau_x, tau_y, past=every, tau_plus=16.8e-3, tau_minus=33.7e-3):
    """Pfister & Gerstner 2006, equations 3 and 4; the own slow detector counts strictly earlier spikes."""
    return (lambda w, t, same: -past(post, t, tau_minus, dt, same) * (a2m + a3m * past(pre, t, tau_x, dt)),
            lambda w, t, same: past(pre, t, tau_plus, dt, same) * (a2p + a3p * past(post, t, tau_y, dt)))


def symmetric(pre, post, dt, a, tau, past=every):
    return (lambda w, t, same: a * past(post, t, tau, dt, same), lambda w, t, same: a * past(pre, t, tau, dt, same))


def vogels(pre, post, dt, eta, rho0, tau):
    """Vogels et al. 2011: each presynaptic spike costs alpha = 2 rho0 tau."""
    return (lambda w, t, same: eta * (every(post, t, tau, dt, same) - 2 * rho0 * tau),
            lambda w, t, same: eta * every(pre, t, tau, dt, same))


def diehl_cook_paper(pre, post, dt, eta, x_tar, mu, tau, w_max=1.0):
    return (lambda w, t, same: 0.0,
            lambda w, t, same: eta * (every(pre, t, tau, dt, same) - x_tar) * (w_max - w) ** mu)


def diehl_cook_released(pre, post, dt):
    """pre: w -= 1e-4 post1; post: w += 1e-2 pre post2before; all set to 1."""
    return (lambda w, t, same: -1e-4 * last(post, t, 20e-3, dt, same),
            lambda w, t, same: 1e-2 * last(pre, t, 20e-3, dt, same) * last(post, t, 40e-3, dt))


def bindsnet(w, pre, post, steps, dt, nu_pre, nu_post, tau, low, high):
    """BindsNET's step: traces are decayed and set, both changes are added, then the weight is clipped once."""
    x = y = 0.0
    for t in range(steps):
        x = 1.0 if t in pre else x * exp(-dt / tau)
        y = 1.0 if t in post else y * exp(-dt / tau)
        if t in pre:
            w -= nu_pre * y
        if t in post:
            w += nu_post * x
        w = min(max(w, low), high)
    return w


def additive_sum(pre, post, dt, a_plus, a_minus, tau_plus, tau_minus, order):
    """Without bounds, pair STDP is one double sum over all pairs (Song, Miller & Abbott 2000, equation 1)."""
    plus, minus = {"brian2": (1, 0), "strict": (0, 0), "inclusive": (1, 1)}[order]
    total = 0.0
    for s in pre:
        for t in post:
            if t > s:
                total += a_plus * exp(-(t - s) * dt / tau_plus)
            elif t < s:
                total -= a_minus * exp(-(s - t) * dt / tau_minus)
            else:
                total += plus * a_plus - minus * a_minus
    return total


def nearest(pre, post, dt, scheme, a_plus, a_minus, tau_plus, tau_minus):
    """Morrison, Diesmann & Gerstner 2008, figure 7: which spikes form pairs, searched for one event at a time."""
    def met(spikes, t, same):
        return [s for s in spikes if s < t or (same and s == t)]

    def partners(own, other, t, same, all_new):
        before, looks = met(other, t, same), [p for p in own if p < t]
        new = [s for s in before if not any(p > s or (same and p == s) for p in looks)]
        return {"last": before[-1:], "new": new, "last_new": [s for s in before[-1:] if s in new]}[all_new]

    kinds = {"symmetric": ("last", "last"), "presynaptic_centred": ("last", "new"),
             "reduced_symmetric": ("last_new", "last_new")}[scheme]

    def change(own, other, kind, a, tau):
        return lambda w, t, same: a * sum(exp(-(t - s) * dt / tau) for s in partners(own, other, t, same, kind))

    return change(pre, post, kinds[0], -a_minus, tau_minus), change(post, pre, kinds[1], a_plus, tau_plus)


def power_law(pre, post, dt, rate, alpha, mu, w_0, tau_plus, tau_minus):
    """Morrison, Aertsen & Diesmann 2007."""
    return (lambda w, t, same: -rate * alpha * w * every(post, t, tau_minus, dt, same),
            lambda w, t, same: rate * w_0 ** (1 - mu) * w**mu * every(pre, t, tau_plus, dt, same))


def log_stdp(pre, post, dt, eta, w_0, alpha=5.0, beta=50.0, c_plus=1.0, c_minus=0.5):
    """Gilson & Fukai 2011: f- is linear up to w_0 and logarithmic above, f+ falls slowly."""
    def depression(w):
        return c_minus * (w / w_0 if w <= w_0 else 1 + log(1 + alpha * (w / w_0 - 1)) / alpha)

    return (lambda w, t, same: -eta * depression(w) * every(post, t, 34e-3, dt, same),
            lambda w, t, same: eta * c_plus * exp(-w / (beta * w_0)) * every(pre, t, 17e-3, dt, same))


def rank_order(pre, post, dt, a_plus, a_minus):
    """Kheradpisheh et al. 2018: t_pre <= t_post gains, all others lose, by w (1 - w)."""
    return (lambda w, t, same: 0.0,
            lambda w, t, same: (a_plus if any(s < t or (same and s == t) for s in pre) else -a_minus) * w * (1 - w))
