// An optional peer of some hundred megabytes, which is not installed to compile; embed/onnx/library.ts says what is used of it.
declare module '@huggingface/transformers'
