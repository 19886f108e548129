/** Params as the device sees them: all but the named integers rounded to f32. */
export function roundParams<P extends object>(params: P, integers: readonly string[]): P {
  const entries = Object.entries(params).map(([name, value]) => [
    name,
    integers.includes(name) ? value : Math.fround(value as number),
  ]);
  return Object.fromEntries(entries) as P;
}

/** Weight and gradient after `maximize` and weight decay. */
export function decayed(
  s: { decay_mode: number; decay: number; lr: number; maximize: number },
  weight: number,
  gradient: number,
): [weight: number, gradient: number] {
  const g = s.maximize ? -gradient : gradient;
  switch (s.decay_mode) {
    case 1:
      return [weight, g + s.decay * weight];
    case 2:
      return [weight * s.decay, g];
    case 3:
      return [weight - weight * s.decay * s.lr, g];
    default:
      return [weight, g];
  }
}
