declare module "asciichart" {
  export function plot(
    series: readonly number[] | readonly (readonly number[])[],
    options?: { height?: number; min?: number; max?: number; format?: (y: number) => string },
  ): string;
}
