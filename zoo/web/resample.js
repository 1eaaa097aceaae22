// Scaling of grey pictures, to the last bit as Pillow does it: `Image.reduce` and `Image.resize` by LANCZOS.
//
// A picture is { height, width, data: Uint8Array }, rows from the top.

const BITS = 22; // of the fixed point in which Pillow keeps its weights

/** Averaged over squares of `factor` pixels; those at the right and at the bottom may be smaller. */
export function reduced({ height, width, data }, factor) {
  const rows = Math.ceil(height / factor);
  const columns = Math.ceil(width / factor);
  const out = new Uint8Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const bottom = Math.min(height, (i + 1) * factor);
      const right = Math.min(width, (j + 1) * factor);
      let sum = 0;
      for (let y = i * factor; y < bottom; y++) for (let x = j * factor; x < right; x++) sum += data[y * width + x];
      const count = (bottom - i * factor) * (right - j * factor);
      // Division by a multiplication, as Pillow does it: it rounds a little differently.
      out[i * columns + j] = Math.floor(((sum + Math.floor(count / 2)) * Math.floor(2 ** 24 / count)) / 2 ** 24);
    }
  }
  return { height: rows, width: columns, data: out };
}

/** The part `box` (top, left, bottom, right) of a picture in another size. */
export function resized(picture, box, height, width) {
  const [top, left, bottom, right] = box;
  const across = (from) =>
    left !== 0 || right !== width || width !== from.width ? along(from, "width", weights(from.width, left, right, width)) : from;
  const down = (from) =>
    top !== 0 || bottom !== height || height !== from.height
      ? along(from, "height", weights(from.height, top, bottom, height))
      : from;
  // Values are rounded between the passes, so that their order counts. Pillow before 13 always goes across first.
  const tall = picture.height - height > 2 * (picture.width - width);
  return tall ? across(down(picture)) : down(across(picture));
}

/** Weigh along one axis: it becomes as long as the kernel. */
function along({ height, width, data }, axis, kernel) {
  const row = axis === "width";
  const size = row ? { height, width: kernel.length } : { height: kernel.length, width };
  const out = new Uint8Array(size.height * size.width);
  const step = row ? 1 : width; // from one value to the next of a line
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const { first, factors } = kernel[row ? x : y];
      const start = row ? y * width + first : first * width + x;
      let sum = 2 ** (BITS - 1);
      for (let k = 0; k < factors.length; k++) sum += data[start + k * step] * factors[k];
      out[y * size.width + x] = Math.min(255, Math.max(0, Math.floor(sum / 2 ** BITS)));
    }
  }
  return { ...size, data: out };
}

/** For each of `size` new pixels: the first old one between `from` and `to` that counts, and whole-number weights from there on. */
function weights(length, from, to, size) {
  const scale = (to - from) / size;
  const wide = Math.max(1, scale);
  const support = 3 * wide;
  return Array.from({ length: size }, (_, number) => {
    const centre = from + (number + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const last = Math.min(length, Math.trunc(centre + support + 0.5));
    const factors = [];
    let sum = 0;
    for (let x = first; x < last; x++) {
      const factor = lanczos((x - centre + 0.5) * (1 / wide));
      factors.push(factor);
      sum += factor;
    }
    return { first, factors: factors.map((factor) => Math.trunc((factor / sum) * 2 ** BITS + (factor / sum < 0 ? -0.5 : 0.5))) };
  });
}

function lanczos(x) {
  return -3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}
