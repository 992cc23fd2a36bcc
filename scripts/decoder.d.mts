export declare const DECODER: URL;
export declare function decoder(): Promise<string>;
