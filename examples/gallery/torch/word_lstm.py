"""A language model of words by an LSTM whose state goes on from batch to batch, gradients clipped, weights moved by hand."""

import torch
import torch.nn.functional as F
from formula import tokens
from start import start
from torch import nn

NTOKENS, BPTT, BATCH = 30, 7, 4


class RNNModel(nn.Module):
    def __init__(self, ntoken, ninp, nhid, nlayers, dropout):
        super().__init__()
        self.ntoken, self.nhid, self.nlayers = ntoken, nhid, nlayers
        self.drop = nn.Dropout(dropout)
        self.encoder = nn.Embedding(ntoken, ninp)
        self.rnn = nn.LSTM(ninp, nhid, nlayers, dropout=dropout)
        self.decoder = nn.Linear(nhid, ntoken)

    def forward(self, input, hidden):
        emb = self.drop(self.encoder(input))
        output, hidden = self.rnn(emb, hidden)
        decoded = self.decoder(self.drop(output)).view(-1, self.ntoken)
        return F.log_softmax(decoded, dim=1), hidden

    def init_hidden(self, bsz):
        weight = next(self.parameters())
        return weight.new_zeros(self.nlayers, bsz, self.nhid), weight.new_zeros(self.nlayers, bsz, self.nhid)


def train(steps, dropout=0.2):
    model = RNNModel(NTOKENS, 16, 24, 2, dropout)
    start(model)
    criterion = nn.NLLLoss()
    lr = 2.0
    data = torch.from_numpy(tokens(BATCH, steps * BPTT + 1, NTOKENS, 1000)).long().t().contiguous()
    hidden = model.init_hidden(BATCH)
    losses = []
    for i in range(0, steps * BPTT, BPTT):
        x, targets = data[i : i + BPTT], data[i + 1 : i + 1 + BPTT].reshape(-1)
        model.zero_grad()
        # What came before is a start for this batch and no more.
        hidden = tuple(h.detach() for h in hidden)
        output, hidden = model(x, hidden)
        loss = criterion(output, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25)
        for p in model.parameters():
            p.data.add_(p.grad, alpha=-lr)
        losses.append(loss.item())
    return losses
