import { filled, recorded } from "./operations.js";
import { formatShape, sameShape } from "./shape.js";
import { isRecording } from "./tape.js";
import { Tensor, type TensorParts } from "./tensor.js";

/** The mean of the squared differences. */
export function mseLoss(prediction: Tensor, target: Tensor): Tensor {
  if (!sameShape(prediction.shape, target.shape)) {
    throw new RangeError(
      `mseLoss: the prediction has shape ${formatShape(prediction.shape)}, the target ${formatShape(target.shape)}`,
    );
  }
  const difference = prediction.sub(target);
  return difference.mul(difference).mean();
}

/**
 * The mean over the rows of −log softmax(row)[label].
 *
 * @param logits [rows, classes], or [classes] for a single row
 * @param labels one class per row, from 0: an array (for a tensor on the CPU, its `data()`)
 */
export function crossEntropyLoss(logits: Tensor, labels: ArrayLike<number>): Tensor {
  const { device, shape } = logits;
  const classes = shape.at(-1);
  if (classes === undefined || classes === 0 || shape.length > 2) {
    throw new RangeError(`crossEntropyLoss: logits are [rows, classes], not ${formatShape(shape)}`);
  }
  const rows = shape.length === 2 ? shape[0]! : 1;
  if (labels.length !== rows) throw new RangeError(`crossEntropyLoss: ${labels.length} labels for ${rows} rows`);
  const checked = Float32Array.from(labels, (label, row) => {
    if (Number.isInteger(label) && label >= 0 && label < classes) return label;
    throw new RangeError(`crossEntropyLoss: label ${label} in row ${row} is not one of the ${classes} classes`);
  });
  const targets = new Tensor({ shape: [rows], device, storage: device.upload(checked) });
  const storage = device.allocate(rows);
  device.crossEntropy(logits.storage, targets.storage, rows, classes, storage);
  const losses = recorded("crossEntropyLoss", [logits], { shape: [rows], device, storage }, (gradient) => {
    const ofRows = isRecording() ? filled([rows], 1, device) : gradient;
    const result = device.allocate(logits.size);
    device.crossEntropyGradient(logits.storage, targets.storage, ofRows.storage, rows, classes, result);
    if (!isRecording()) return [new Tensor({ shape, device, storage: result })];
    const hits = oneHot(checked, classes);
    const slopes = probabilitiesLess(hits, logits, { shape: [rows, classes], device, storage: result });
    return [slopes.mul(gradient.reshape([rows, 1])).reshape(shape)];
  });
  return losses.mean();
}

function oneHot(labels: Float32Array, classes: number): Float32Array {
  const hits = new Float32Array(labels.length * classes);
  labels.forEach((label, row) => (hits[row * classes + label] = 1));
  return hits;
}

/**
 * p − hits, where p = softmax(logits): the derivatives of the losses of rows, of which the result holds the numbers. The
 * product of a cotangent c with its derivative is p·(c − Σ p·c), in terms of itself: it can be differentiated again and again.
 */
function probabilitiesLess(hits: Float32Array, logits: Tensor, result: TensorParts): Tensor {
  const { device, shape } = result;
  const slopes: Tensor = recorded("crossEntropyLoss's gradient", [logits], result, (gradient) => {
    const p = slopes.add(new Tensor({ shape, device, storage: device.upload(hits) }));
    return [p.mul(gradient.sub(p.mul(gradient).sum(1, true))).reshape(logits.shape)];
  });
  return slopes;
}

/** {@link mseLoss} as an object. */
export class MSELoss {
  call(prediction: Tensor, target: Tensor): Tensor {
    return mseLoss(prediction, target);
  }
}

/** {@link crossEntropyLoss} as an object. */
export class CrossEntropyLoss {
  call(logits: Tensor, labels: ArrayLike<number>): Tensor {
    return crossEntropyLoss(logits, labels);
  }
}
