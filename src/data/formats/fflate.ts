/** fflate's inflater, which takes compressed bytes piece by piece; a file of its own in the package, which pages that unpack nothing leave out. */
export { Inflate } from "fflate";
