/**
 * The machine: decodes records into kernel calls, and drives whole training steps. The only decoder.
 *
 * `run` is a thin loop over `pass`, and `pass` calls kernels: V8 replaces a function's code by its optimized
 * form only at the next call, so no function here is entered once and stays.
 */
import { Counter, Guard, Header, Opcode, Status, Window } from "./abi";
import { accumulate, place } from "./kernels/accumulate";
import { binary } from "./kernels/binary";
import { copy } from "./kernels/copy";
import { dense, denseGradInput, denseGradWeights } from "./kernels/dense";
import { gather } from "./kernels/gather";
import { loss } from "./kernels/loss";
import { matMul } from "./kernels/mat-mul";
import { adam, sgd } from "./kernels/optimizer";
import { permute } from "./kernels/random";
import { maxGrad, reduce } from "./kernels/reduce";
import { maxMagnitude } from "./kernels/scan";
import { logSoftmax, logSoftmaxGrad, softmax, softmaxGrad } from "./kernels/softmax";
import { unary, unaryGrad } from "./kernels/unary";

// @ts-ignore: decorator
@inline
function word(record: usize, i: usize): i32 {
  return load<i32>(record + (i << 2));
}

// @ts-ignore: decorator
@inline
function pointer(record: usize, i: usize): usize {
  return <usize>load<u32>(record + (i << 2));
}

// @ts-ignore: decorator
@inline
function float(record: usize, i: usize): f32 {
  return load<f32>(record + (i << 2));
}

// @ts-ignore: decorator
@inline
function dim(record: usize, i: usize, rows: i32): i32 {
  const d = load<i32>(record + (i << 2));
  return d < 0 ? -d * rows : d;
}

// @ts-ignore: decorator
@inline
function counter(state: usize, i: usize): f64 {
  return load<f64>(state + (i << 3));
}

// @ts-ignore: decorator
@inline
function setCounter(state: usize, i: usize, value: f64): void {
  store<f64>(state + (i << 3), value);
}

// @ts-ignore: decorator
@inline
function double(program: usize, i: usize): f64 {
  return load<f64>(program + (i << 2));
}

// @ts-ignore: decorator
@inline
function setDouble(program: usize, i: usize, value: f64): void {
  store<f64>(program + (i << 2), value);
}

/** Runs the records in [from, to) with the header's row count. */
export function execute(program: usize, from: usize, to: usize): void {
  const rows = word(program, Header.Rows);
  let r = from;
  while (r < to) {
    switch (load<i32>(r)) {
      case Opcode.Dense: {
        dense(
          word(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5),
          dim(r, 6, rows), dim(r, 7, rows), dim(r, 8, rows), word(r, 9), float(r, 10), pointer(r, 11),
        );
        r += 48;
        break;
      }
      case Opcode.DenseGradWeights: {
        denseGradWeights(
          word(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5),
          dim(r, 6, rows), dim(r, 7, rows), dim(r, 8, rows), pointer(r, 9),
        );
        r += 40;
        break;
      }
      case Opcode.DenseGradInput: {
        denseGradInput(
          word(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4),
          dim(r, 5, rows), dim(r, 6, rows), dim(r, 7, rows), word(r, 8), float(r, 9), pointer(r, 10), pointer(r, 11),
        );
        r += 48;
        break;
      }
      case Opcode.Loss: {
        loss(
          word(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), pointer(r, 6),
          dim(r, 7, rows), dim(r, 8, rows), word(r, 9), float(r, 10),
        );
        r += 44;
        break;
      }
      case Opcode.Adam: {
        adam(pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), dim(r, 5, rows), pointer(r, 6), pointer(r, 7));
        r += 32;
        break;
      }
      default: {
        r = executeOther(r, rows);
      }
    }
  }
}

/** Runs one record of those that the smallest networks do without, and returns where the next one starts. */
function executeOther(r: usize, rows: i32): usize {
  switch (load<i32>(r)) {
    case Opcode.Unary: {
      unary(word(r, 1), float(r, 2), pointer(r, 3), pointer(r, 4), dim(r, 5, rows));
      return r + 24;
    }
    case Opcode.UnaryGrad: {
      unaryGrad(word(r, 1), float(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), dim(r, 6, rows));
      return r + 28;
    }
    case Opcode.Accumulate: {
      accumulate(pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows));
      return r + 20;
    }
    case Opcode.Place: {
      place(pointer(r, 1), pointer(r, 2), dim(r, 3, rows), word(r, 4));
      return r + 20;
    }
    case Opcode.Softmax: {
      softmax(pointer(r, 1), pointer(r, 2), dim(r, 3, rows), dim(r, 4, rows));
      return r + 20;
    }
    case Opcode.SoftmaxGrad: {
      softmaxGrad(pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), dim(r, 5, rows));
      return r + 24;
    }
    case Opcode.Sgd: {
      sgd(pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), pointer(r, 5), pointer(r, 6));
      return r + 28;
    }
    case Opcode.Gather: {
      gather(pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), word(r, 5));
      return r + 24;
    }
    default: {
      // @ts-ignore: defined for the extended build only
      if (!isDefined(EXTENDED)) unreachable();
      return executeExtended(r, rows);
    }
  }
}

/** Runs one record of the extended build and returns where the next one starts. */
function executeExtended(r: usize, rows: i32): usize {
  switch (load<i32>(r)) {
    case Opcode.MatMul: {
      matMul(
        word(r, 1), word(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5),
        dim(r, 6, rows), dim(r, 7, rows), dim(r, 8, rows), pointer(r, 9),
      );
      return r + 40;
    }
    case Opcode.Binary: {
      binary(
        word(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4),
        dim(r, 5, rows), dim(r, 6, rows), dim(r, 7, rows), dim(r, 8, rows),
        dim(r, 9, rows), dim(r, 10, rows), dim(r, 11, rows), dim(r, 12, rows),
        dim(r, 13, rows), dim(r, 14, rows), dim(r, 15, rows), dim(r, 16, rows),
      );
      return r + 68;
    }
    case Opcode.Copy: {
      copy(
        pointer(r, 1), pointer(r, 2), dim(r, 3, rows),
        dim(r, 4, rows), dim(r, 5, rows), dim(r, 6, rows), dim(r, 7, rows),
        dim(r, 8, rows), dim(r, 9, rows), dim(r, 10, rows), dim(r, 11, rows),
      );
      return r + 48;
    }
    case Opcode.Reduce: {
      reduce(word(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), dim(r, 5, rows), dim(r, 6, rows));
      return r + 28;
    }
    case Opcode.MaxGrad: {
      maxGrad(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4),
        dim(r, 5, rows), dim(r, 6, rows), dim(r, 7, rows),
      );
      return r + 32;
    }
    case Opcode.LogSoftmax: {
      logSoftmax(pointer(r, 1), pointer(r, 2), dim(r, 3, rows), dim(r, 4, rows));
      return r + 20;
    }
    case Opcode.LogSoftmaxGrad: {
      logSoftmaxGrad(pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), dim(r, 5, rows));
      return r + 24;
    }
    default: {
      unreachable();
    }
  }
  return r;
}

/**
 * One update from the rows in the batch buffers: forward, loss, backward, guard, optimizer. Nothing is written
 * to the state block unless loss and gradients are finite.
 */
export function step(program: usize): i32 {
  execute(program, pointer(program, Header.Forward), pointer(program, Header.Backward));
  const value = load<f32>(pointer(program, Header.LossValue));
  setDouble(program, Header.Loss, <f64>value);
  if (value - value != 0) return Status.NonFiniteLoss;
  return update(program);
}

function update(program: usize): i32 {
  execute(program, pointer(program, Header.Backward), pointer(program, Header.Update));
  const magnitude = maxMagnitude(pointer(program, Header.Gradients), word(program, Header.GradientCount));
  if (magnitude >= Guard.LargeGradient) {
    if (magnitude >= Guard.NonFinite) return Status.NonFiniteGradient;
    if (!word(program, Header.Careful)) return Status.LargeGradient;
  }
  execute(program, pointer(program, Header.Update), pointer(program, Header.End));
  const state = pointer(program, Header.State);
  setCounter(state, Counter.Step, counter(state, Counter.Step) + 1);
  return Status.Ok;
}

/** Takes the next batch of the epoch through one update and moves the cursor. */
function pass(program: usize): i32 {
  const state = pointer(program, Header.State);
  const cursor = <u32>counter(state, Counter.Cursor);
  const total = <u32>word(program, Header.Total);
  const rows = <i32>min(<u32>word(program, Header.Batch), total - cursor);
  const last = cursor + rows == total;
  if (last && word(program, Header.HistoryCount) == word(program, Header.HistoryCapacity)) return Status.HistoryFull;
  store<i32>(program + (Header.Rows << 2), rows);
  if (word(program, Header.WindowKind) != Window.Batch) {
    const ready = loadBatch(program, state, cursor, rows);
    if (ready != Status.Ok) return ready;
  }

  execute(program, pointer(program, Header.Forward), pointer(program, Header.Backward));
  const value = load<f32>(pointer(program, Header.LossValue));
  setDouble(program, Header.Loss, <f64>value);
  if (value - value != 0) return Status.NonFiniteLoss;
  const epochLoss = counter(state, Counter.EpochLoss) + <f64>value * <f64>rows;
  const mean = epochLoss / <f64>total;
  if (last && mean < double(program, Header.LossBelow)) {
    record(program, mean);
    return Status.LossBelow;
  }

  const status = update(program);
  if (status != Status.Ok) return status;
  if (!last) {
    setCounter(state, Counter.Cursor, <f64>(cursor + rows));
    setCounter(state, Counter.EpochLoss, epochLoss);
    setCounter(state, Counter.EpochRows, <f64>total);
    return Status.Ok;
  }
  record(program, mean);
  setCounter(state, Counter.Cursor, 0);
  setCounter(state, Counter.EpochLoss, 0);
  setCounter(state, Counter.EpochRows, 0);
  setCounter(state, Counter.Epoch, counter(state, Counter.Epoch) + 1);
  const left = double(program, Header.EpochsLeft) - 1;
  setDouble(program, Header.EpochsLeft, left);
  return left > 0 ? Status.Ok : Status.EpochsDone;
}

/** Appends the mean loss of an epoch to the history. */
function record(program: usize, mean: f64): void {
  const count = word(program, Header.HistoryCount);
  store<f64>(pointer(program, Header.History) + (<usize>count << 3), mean);
  store<i32>(program + (Header.HistoryCount << 2), count + 1);
  setDouble(program, Header.Loss, mean);
}

function loadBatch(program: usize, state: usize, cursor: u32, rows: i32): i32 {
  const start = <u32>word(program, Header.WindowStart);
  const held = <u32>word(program, Header.WindowRows);
  if (cursor < start || cursor + rows > start + held) return Status.WindowEnd;
  const index = pointer(program, Header.Index);
  // Rows of one batch stay in the order given; a cursor inside them is that of a smaller batch, which did shuffle.
  const ordered = cursor == 0 && <u32>rows == <u32>word(program, Header.Total);
  if (word(program, Header.WindowKind) == Window.Shuffled && !ordered) {
    permute(index, cursor, rows, word(program, Header.Total), counter(state, Counter.ShuffleSeed), counter(state, Counter.Epoch));
  } else {
    for (let i = 0; i < rows; ++i) store<u32>(index + (<usize>i << 2), cursor - start + i);
  }
  execute(program, pointer(program, Header.Load), pointer(program, Header.Forward));
  return Status.Ok;
}

/**
 * Takes up to `steps` batches. Ends early with the status that says why; whatever the status, the state block is
 * that of the last whole step.
 */
export function run(program: usize, steps: i32): i32 {
  for (let i = 0; i < steps; ++i) {
    const status = pass(program);
    if (status != Status.Ok) return status;
  }
  return Status.Ok;
}
