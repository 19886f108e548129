// What must compile of the PyTorch dialect and what must not: read by the compiler when types are checked, never run.
import * as torch from "@facet/shims-torch";
import { nn, optim, type Tensor, utils } from "@facet/shims-torch";

const { functional: F } = nn;
declare const x: Tensor;

// Options are literal.
F.interpolate(x, { scale_factor: 2, mode: "bilinear" });
// @ts-expect-error a misspelt mode
F.interpolate(x, { scale_factor: 2, mode: "biliner" });
F.cross_entropy(x, x, { reduction: "sum" });
// @ts-expect-error no such reduction
F.cross_entropy(x, x, { reduction: "avg" });
// @ts-expect-error a misspelt keyword
F.cross_entropy(x, x, { reducton: "sum" });
// @ts-expect-error no such reduction
new nn.MSELoss({ reduction: "avg" });
new nn.Conv2d(1, 2, 3, { padding: "same" });
// @ts-expect-error a misspelt padding
new nn.Conv2d(1, 2, 3, { padding: "smae" });
// @ts-expect-error a misspelt padding mode
new nn.Conv2d(1, 2, 3, { padding_mode: "zero" });
// @ts-expect-error a misspelt keyword
new nn.Conv2d(1, 2, 3, { paddding: 1 });
// @ts-expect-error channels are a number
new nn.Conv2d("1", 2, 3);
// @ts-expect-error a misspelt keyword
new nn.Linear(1, 2, { biass: false });
// @ts-expect-error a misspelt nonlinearity
new nn.RNN(1, 2, { nonlinearity: "rleu" });
// @ts-expect-error a misspelt approximation
F.gelu(x, { approximate: "tanhh" });
// @ts-expect-error a function of tensors
F.relu("x");
// @ts-expect-error a misspelt keyword
torch.sum(x, { dimm: 1 });
// @ts-expect-error a name is no dimension here
torch.softmax(x, "0");
// @ts-expect-error a misspelt keyword
torch.zeros(2, 3, { dtyp: torch.float32 });
// @ts-expect-error a dtype is no string
torch.zeros(2, 3, { dtype: "float32" });
// @ts-expect-error a name that is absent
torch.sotfmax(x, 1);
// @ts-expect-error a name that is absent
nn.Liner;

// Modules are called, and give tensors.
const model = new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU());
const y: Tensor = model(x);
const z: Tensor = new nn.Linear(4, 3)(x);
// @ts-expect-error a tensor, not a number
const wrong: number = model(x);
// @ts-expect-error of tensors
model("x");
const recurrent = new nn.Sequential<Tensor, [Tensor, Tensor]>(new nn.Linear(4, 3), new nn.GRU(3, 2));
const [sequence, hidden] = recurrent(x);

// Optimisers.
const sgd = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
// @ts-expect-error a misspelt keyword
new optim.SGD(model.parameters(), { lr: 0.1, momentm: 0.9 });
// @ts-expect-error a pair of numbers
new optim.Adam(model.parameters(), { betas: 0.9 });
sgd.load_state_dict(sgd.state_dict());
const groups: readonly object[] = sgd.state_dict().param_groups;
// @ts-expect-error a misspelt mode
new optim.lr_scheduler.ReduceLROnPlateau(sgd, { mode: "mni" });

// Data.
const { DataLoader, TensorDataset } = utils.data;
for await (const [images, labels] of new DataLoader(new TensorDataset(x, x), { batch_size: 2 })) {
  const both: [Tensor, Tensor] = [images, labels];
  void both;
}
// @ts-expect-error a misspelt keyword
new DataLoader(new TensorDataset(x, x), { batchsize: 2 });

void [y, z, sequence, hidden, wrong, groups];
