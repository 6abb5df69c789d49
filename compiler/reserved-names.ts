/** Words that generated code must not take for names of its own. */

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Reserved words of TypeScript, and the globals that generated code or its readers rely on. */
export const typescriptReserved: ReadonlySet<string> = new Set([
  // ECMAScript keywords and reserved words, strict mode included
  ...words(`
    await break case catch class const continue debugger default delete do else enum export extends false finally for
    function if import in instanceof new null return super switch this throw true try typeof var void while with yield
    implements interface let package private protected public static arguments eval async of
  `),
  // TypeScript's own, where a declaration of that name reads badly or is refused
  ...words(`
    abstract any as asserts bigint boolean declare from get global infer intrinsic is keyof module namespace never
    number object out override readonly require satisfies set string symbol type undefined unique unknown using
  `),
  // Globals
  ...words(`
    NaN Infinity globalThis window self document process Buffer exports Object Function Boolean Symbol Error
    AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError Number BigInt Math Date String
    RegExp Array Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array BigInt64Array
    BigUint64Array Float16Array Float32Array Float64Array Map Set WeakMap WeakSet WeakRef ArrayBuffer
    SharedArrayBuffer DataView Atomics JSON Promise Reflect Proxy Intl WebAssembly Iterator Record Partial Readonly
    Required Pick Omit ReadonlyArray console isNaN isFinite parseInt parseFloat performance navigator fetch
    structuredClone queueMicrotask setTimeout GPUBuffer GPUDevice GPUBufferUsage GPUShaderStage GPUMapMode
  `),
  "__proto__",
]);

/** Keywords, reserved words and predeclared names of WGSL (W3C, WebGPU Shading Language, sections 15 to 17). */
export const wgslReserved: ReadonlySet<string> = new Set([
  // Keywords
  ...words(`
    alias break case const const_assert continue continuing default diagnostic discard else enable false fn for if let
    loop override requires return struct switch true var while
  `),
  // Reserved words
  ...words(`
    NULL Self abstract active alignas alignof as asm asm_fragment async attribute auto await become binding_array cast
    catch class co_await co_return co_yield coherent column_major common compile compile_fragment concept const_cast
    consteval constexpr constinit crate debugger decltype delete demote demote_to_helper do dynamic_cast enum explicit
    export extends extern external fallthrough filter final finally friend from fxgroup get goto groupshared highp impl
    implements import inline instanceof interface layout lowp macro macro_rules match mediump meta mod module move mut
    mutable namespace new nil noexcept noinline nointerpolation noperspective null nullptr of operator package packoffset
    partition pass patch pixelfragment precise precision premerge priv protected pub public readonly ref regardless
    register reinterpret_cast require resource restrict self set shared sizeof smooth snorm static static_assert
    static_cast std subroutine super target template this thread_local throw trait try type typedef typeid typename
    typeof union unless unorm unsafe unsized use using varying virtual volatile wgsl where with writeonly yield
  `),
  // Types and their aliases
  ...words(`
    bool i32 u32 f32 f16 vec2 vec3 vec4 vec2i vec3i vec4i vec2u vec3u vec4u vec2f vec3f vec4f vec2h vec3h vec4h mat2x2
    mat2x3 mat2x4 mat3x2 mat3x3 mat3x4 mat4x2 mat4x3 mat4x4 mat2x2f mat2x3f mat2x4f mat3x2f mat3x3f mat3x4f mat4x2f
    mat4x3f mat4x4f mat2x2h mat2x3h mat2x4h mat3x2h mat3x3h mat3x4h mat4x2h mat4x3h mat4x4h array atomic ptr sampler
    sampler_comparison texture_1d texture_2d texture_2d_array texture_3d texture_cube texture_cube_array
    texture_multisampled_2d texture_depth_multisampled_2d texture_external texture_storage_1d texture_storage_2d
    texture_storage_2d_array texture_storage_3d texture_depth_2d texture_depth_2d_array texture_depth_cube
    texture_depth_cube_array
  `),
  // Enumerants
  ...words("read write read_write function private workgroup uniform storage"),
  // Functions
  ...words(`
    bitcast all any select arrayLength abs acos acosh asin asinh atan atanh atan2 ceil clamp cos cosh countLeadingZeros
    countOneBits countTrailingZeros cross degrees determinant distance dot dot4U8Packed dot4I8Packed exp exp2
    extractBits faceForward firstLeadingBit firstTrailingBit floor fma fract frexp insertBits inverseSqrt ldexp length
    log log2 max min mix modf normalize pow quantizeToF16 radians reflect refract reverseBits round saturate sign sin
    sinh smoothstep sqrt step tan tanh transpose trunc dpdx dpdxCoarse dpdxFine dpdy dpdyCoarse dpdyFine fwidth
    fwidthCoarse fwidthFine textureDimensions textureGather textureGatherCompare textureLoad textureNumLayers
    textureNumLevels textureNumSamples textureSample textureSampleBias textureSampleCompare textureSampleCompareLevel
    textureSampleGrad textureSampleLevel textureSampleBaseClampToEdge textureStore atomicLoad atomicStore atomicAdd
    atomicSub atomicMax atomicMin atomicAnd atomicOr atomicXor atomicExchange atomicCompareExchangeWeak pack4x8snorm
    pack4x8unorm pack4xI8 pack4xU8 pack4xI8Clamp pack4xU8Clamp pack2x16snorm pack2x16unorm pack2x16float
    unpack4x8snorm unpack4x8unorm unpack4xI8 unpack4xU8 unpack2x16snorm unpack2x16unorm unpack2x16float storageBarrier
    textureBarrier workgroupBarrier workgroupUniformLoad subgroupAdd subgroupAll subgroupAnd subgroupAny
    subgroupBallot subgroupBroadcast subgroupElect subgroupMax subgroupMin subgroupMul subgroupOr subgroupShuffle
    subgroupXor quadBroadcast
  `),
  "main",
]);
