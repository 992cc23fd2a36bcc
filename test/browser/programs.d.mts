export function run(
  program: string,
  args: readonly string[],
  options: { readonly seconds: number },
): Promise<{ status: number | null; stdout: string; error?: string }>;
