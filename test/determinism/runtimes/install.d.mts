export function fromNpm(
  runtime: string,
  file: string,
):
  | { readonly program: string; readonly missing?: undefined }
  | { readonly program?: undefined; readonly missing: string };
