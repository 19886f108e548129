"""The same language model by a transformer's encoder under a causal mask, with positions as sines."""

import math

import torch
import torch.nn.functional as F
from formula import tokens
from start import start
from torch import nn, optim

NTOKENS, LENGTH, BATCH = 30, 8, 4


class PositionalEncoding(nn.Module):
    def __init__(self, d_model, dropout, max_len=64):
        super().__init__()
        self.dropout = nn.Dropout(p=dropout)
        pe = torch.zeros(max_len, d_model)
        position = torch.arange(0, max_len, dtype=torch.float).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2).float() * (-math.log(10000.0) / d_model))
        pe[:, 0::2] = torch.sin(position * div_term)
        pe[:, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe.unsqueeze(1))

    def forward(self, x):
        return self.dropout(x + self.pe[: x.size(0)])


class TransformerModel(nn.Module):
    def __init__(self, ntoken, ninp, nhead, nhid, nlayers, dropout):
        super().__init__()
        self.ninp = ninp
        self.input_emb = nn.Embedding(ntoken, ninp)
        self.pos_encoder = PositionalEncoding(ninp, dropout)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(ninp, nhead, nhid, dropout), nlayers)
        self.decoder = nn.Linear(ninp, ntoken)

    def forward(self, src, src_mask):
        src = self.pos_encoder(self.input_emb(src) * math.sqrt(self.ninp))
        output = self.decoder(self.encoder(src, mask=src_mask))
        return F.log_softmax(output, dim=-1)


def train(steps, dropout=0.2):
    model = TransformerModel(NTOKENS, 16, 2, 32, 2, dropout)
    start(model)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    src_mask = nn.Transformer.generate_square_subsequent_mask(LENGTH)
    losses = []
    for step in range(steps):
        data = torch.from_numpy(tokens(BATCH, LENGTH + 1, NTOKENS, 1000 + 2 * step)).long().t()
        optimizer.zero_grad()
        output = model(data[:-1], src_mask)
        loss = F.nll_loss(output.reshape(-1, NTOKENS), data[1:].reshape(-1))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        losses.append(loss.item())
    return losses
