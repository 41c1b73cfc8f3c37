import { UsageError } from '../../stream/errors.js'

/** Numbers with their shape; those of a model are single precision, those of a tokenizer 64-bit integers. */
export type Tensor = { readonly data: Float32Array | BigInt64Array; readonly dims: readonly number[] }

/** A text as the model takes it, on its own. */
export type Tokenizer = {
  (text: string, options: { truncation: false; add_special_tokens?: boolean }): Record<string, Tensor>
  readonly model_max_length?: number
}

export type OnnxModel = {
  (inputs: Record<string, Tensor>): Promise<Record<string, Tensor>>
  dispose(): Promise<unknown>
}

type Opening = { local_files_only: true }

/** What is used of @huggingface/transformers. */
export type Library = {
  readonly env: { allowRemoteModels: boolean }
  readonly Tensor: new (type: 'int64', data: BigInt64Array, dims: readonly number[]) => Tensor
  readonly AutoTokenizer: { from_pretrained(folder: string, options: Opening): Promise<Tokenizer> }
  readonly AutoModel: {
    from_pretrained(
      folder: string,
      options: Opening & { dtype: string; device: 'cpu'; session_options: Record<string, unknown> },
    ): Promise<OnnxModel>
  }
}

const version = '4.3.1'

/** The optional package; a UsageError that says how to install it where it is missing. */
export async function loadLibrary(
  load: () => Promise<unknown> = () => import('@huggingface/transformers'),
): Promise<Library> {
  try {
    const library = (await load()) as Library
    // Nothing is to come over the network because a file is missing.
    library.env.allowRemoteModels = false
    return library
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    // Its own parts may be missing too.
    throw new UsageError(
      `ONNX models need the optional package @huggingface/transformers: ${(cause as Error).message}`,
      {
        cause,
        fix: `Install it with:\n  npm install --ignore-scripts @huggingface/transformers@${version}   (processor only, about 470 MB)`,
      },
    )
  }
}
