/** Products that leave the range of numbers only where the result does. */
export const products = `
// The product of three numbers: the largest meets the smallest first.
fn product_of_three(a: f32, b: f32, c: f32) -> f32 {
  let turned = abs(b) > abs(a);
  let more = select(a, b, turned);
  let less = select(b, a, turned);
  let largest = select(more, c, abs(c) > abs(more));
  let others = select(c, more, abs(c) > abs(more));
  let swapped = abs(others) < abs(less);
  return largest * select(less, others, swapped) * select(others, less, swapped);
}
`;
