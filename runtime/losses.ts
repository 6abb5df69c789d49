import { recorded } from "./operations.js";
import { formatShape, sameShape } from "./shape.js";
import { Tensor } from "./tensor.js";

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
    const result = device.allocate(logits.size);
    device.crossEntropyGradient(logits.storage, targets.storage, gradient.storage, rows, classes, result);
    return [new Tensor({ shape, device, storage: result })];
  });
  return losses.mean();
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
