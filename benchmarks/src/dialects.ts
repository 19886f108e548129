/** Each dialect with its step as a replayed plan and op by op, by what its users write for the one that is not the default. */
export const dialects = ["keras", "keras.run_eagerly", "torch.compile", "torch", "jax", "jax.disable_jit"] as const;
export type DialectName = (typeof dialects)[number];

/** Whether the training step is a plan that is replayed. */
export const isCaptured = (dialect: DialectName): boolean =>
  dialect === "keras" || dialect === "torch.compile" || dialect === "jax";
