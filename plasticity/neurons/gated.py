"""Units of gated recurrent networks, as discrete maps: twins of spiking populations with the same description."""

from __future__ import annotations

from plasticity._utils.typed import checked
from plasticity.neurons.neuron import Neuron


@checked
def lstm_unit() -> Neuron:
    """A unit with a cell that is kept, written and sent through gates.

    c[t] = sigmoid(gf) c[t-1] + sigmoid(gi) tanh(gc);  y[t] = sigmoid(go) tanh(c[t])

    Project onto "gi" (to write), "gf" (to keep), "gc" (what is written) and "go" (to send), which are gone after one
    step. It sends y; where y > 0 counts as a spike.

    Source: Hochreiter & Schmidhuber 1997, Neural Computation 9:1735, with the forget gate of Gers, Schmidhuber &
    Cummins 2000; the form of torch.nn.LSTM.
    """
    return Neuron(update="c = sigmoid(gf)*c + sigmoid(gi)*tanh(gc); y = sigmoid(go)*tanh(c); "
                         "gi = 0*gi; gf = 0*gf; gc = 0*gc; go = 0*go",
                  threshold="y > 0", output="y", name="lstm_unit", source="Hochreiter & Schmidhuber 1997")


@checked
def gru_unit() -> Neuron:
    """A unit that is mixed with a candidate through one gate, in which another gates what recurrence says.

    n = tanh(x + sigmoid(r) m);  y[t] = (1 - sigmoid(z)) n + sigmoid(z) y[t-1]

    Project inputs onto "r", "z" and "x", recurrence onto "r", "z" and "m"; all are gone after one step. It sends y;
    where y > 0 counts as a spike.

    Source: Cho, van Merrienboer, Gulcehre, Bahdanau, Bougares, Schwenk & Bengio 2014, EMNLP; the form of torch.nn.GRU.
    """
    return Neuron(update="y = (1 - sigmoid(z))*tanh(x + sigmoid(r)*m) + sigmoid(z)*y; "
                         "r = 0*r; z = 0*z; x = 0*x; m = 0*m",
                  threshold="y > 0", output="y", name="gru_unit", source="Cho et al. 2014")
