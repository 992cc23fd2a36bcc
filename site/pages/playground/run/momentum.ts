/** How much of the last step goes on with the optimizer `momentum`. */
export const MOMENTUM = 0.9;
