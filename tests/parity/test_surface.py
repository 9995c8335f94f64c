"""Every name of the contract is there: as function, method and in-place twin, wherever PyTorch has it so."""

import operator

import pytest

import minigrad

pytestmark = pytest.mark.parity

CREATION = """tensor as_tensor from_numpy from_dlpack arange linspace zeros ones full eye empty rand randn
randint randperm zeros_like ones_like full_like empty_like rand_like randn_like randint_like manual_seed
Generator set_default_dtype get_default_dtype float16 float32 float64 int8 int16 int32 int64 uint8 bool
float double half int long short Tensor is_tensor promote_types no_grad enable_grad set_grad_enabled
is_grad_enabled"""
CORE = """add sub subtract mul multiply div divide true_divide neg negative pow reciprocal addcmul addcdiv
lerp abs absolute sign exp expm1 log log2 log10 log1p sqrt rsqrt square sin cos tan asin arcsin acos arccos
atan arctan sinh cosh tanh sigmoid erf floor ceil round maximum minimum atan2 arctan2 logaddexp clamp clip
eq ne lt le gt ge isnan isinf isfinite isclose allclose where masked_fill sum mean prod max min amax amin
argmax argmin var std logsumexp norm all any cumsum cumprod reshape view flatten squeeze unsqueeze transpose
swapaxes permute t T mT expand broadcast_to repeat tile flip roll movedim moveaxis narrow split chunk unbind
cat concat concatenate stack clone detach diag diagonal tril triu trace index_select gather scatter
scatter_add index_add take_along_dim sort argsort topk matmul mm bmm mv dot outer addmm einsum relu softmax
log_softmax nonzero equal numel linalg.norm linalg.vector_norm nn.functional.pad"""
TENSOR = """shape ndim dtype size numel item tolist numpy data grad grad_fn is_leaf requires_grad
requires_grad_ detach detach_ clone backward retain_grad register_hook zero_ fill_ copy_ to float double
half long int short bool type_as T mT dim contiguous is_contiguous view_as reshape_as expand_as new_tensor
new_zeros new_ones new_full new_empty element_size is_floating_point register_post_accumulate_grad_hook
retains_grad uniform_ normal_ device nelement stride cpu __len__ __iter__ __getitem__ __setitem__ __array__
__dlpack__ __format__ __bool__ __int__ __float__ __index__ __contains__ __neg__ __pos__ __abs__ __invert__
__add__ __radd__ __iadd__ __sub__ __rsub__ __isub__ __mul__ __rmul__ __imul__ __truediv__ __rtruediv__
__itruediv__ __floordiv__ __rfloordiv__ __mod__ __rmod__ __pow__ __rpow__ __ipow__ __matmul__ __rmatmul__
__and__ __or__ __xor__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__"""
FUNCTIONAL = """relu leaky_relu elu selu gelu silu softplus hardtanh logsigmoid softmax log_softmax linear
dropout layer_norm batch_norm embedding one_hot mse_loss l1_loss smooth_l1_loss huber_loss cross_entropy
nll_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div pad"""
AUTOGRAD = """grad no_grad enable_grad set_grad_enabled Function gradcheck gradgradcheck detect_anomaly
functional.jacobian functional.hessian functional.vjp functional.jvp functional.hvp"""
IMAGES = """AlphaDropout BatchNorm2d BatchNorm3d Dropout1d Dropout2d Dropout3d GroupNorm InstanceNorm1d
InstanceNorm2d InstanceNorm3d Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d
CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d
ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad1d ZeroPad2d
ZeroPad3d AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d
AdaptiveMaxPool3d AvgPool1d AvgPool2d AvgPool3d LPPool1d LPPool2d MaxPool1d MaxPool2d MaxPool3d
MaxUnpool1d MaxUnpool2d MaxUnpool3d Fold PixelShuffle PixelUnshuffle Unfold Upsample
UpsamplingBilinear2d UpsamplingNearest2d Softmax2d"""
IMAGE_FUNCTIONS = """alpha_dropout dropout1d dropout2d dropout3d group_norm instance_norm conv1d conv2d conv3d
conv_transpose1d conv_transpose2d conv_transpose3d fold unfold adaptive_avg_pool1d adaptive_avg_pool2d
adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d avg_pool1d avg_pool2d
avg_pool3d lp_pool1d lp_pool2d max_pool1d max_pool2d max_pool3d max_unpool1d max_unpool2d max_unpool3d
interpolate pixel_shuffle pixel_unshuffle upsample"""
NN = """Module Parameter Linear Bilinear Sequential ModuleList ModuleDict Flatten Identity ReLU LeakyReLU
ELU SELU GELU SiLU Softplus Hardtanh LogSigmoid Sigmoid Tanh Softmax LogSoftmax Dropout BatchNorm1d
LayerNorm Embedding MSELoss L1Loss SmoothL1Loss HuberLoss CrossEntropyLoss NLLLoss BCELoss BCEWithLogitsLoss
KLDivLoss init.xavier_uniform_ init.kaiming_normal_ utils.clip_grad_norm_ utils.clip_grad_value_
utils.parameters_to_vector"""
TRAINING = """optim.SGD optim.Adam optim.AdamW optim.RMSprop optim.Adagrad optim.lr_scheduler.StepLR
optim.lr_scheduler.MultiStepLR optim.lr_scheduler.ExponentialLR optim.lr_scheduler.CosineAnnealingLR
optim.lr_scheduler.LambdaLR optim.lr_scheduler.ReduceLROnPlateau optim.lr_scheduler.OneCycleLR
utils.data.Dataset utils.data.TensorDataset utils.data.Subset utils.data.random_split utils.data.DataLoader"""
# In place there are the arithmetic and unary ops.
NO_TWIN = "eq ne lt le gt ge squeeze unsqueeze transpose swapaxes t addmm"
HOMES = {
    "": CREATION + " " + TRAINING,
    "nn.functional.": FUNCTIONAL + " " + IMAGE_FUNCTIONS,
    "autograd.": AUTOGRAD,
    "nn.": NN + " " + IMAGES,
}


def has(home, name):
    try:
        operator.attrgetter(name)(home)
    except AttributeError:
        return False
    return True


@pytest.mark.parametrize("name", [home + n for home, names in HOMES.items() for n in names.split()])
def test_the_name_is_there(name, pytorch):
    assert has(pytorch, name) and has(minigrad, name)


@pytest.mark.parametrize("name", TENSOR.split())
def test_the_attribute_of_tensors_is_there(name, pytorch):
    assert has(pytorch.Tensor, name)
    assert has(minigrad.Tensor, name)


@pytest.mark.parametrize("name", CORE.split())
def test_the_operation_is_there_in_each_form_that_pytorch_has(name, pytorch):
    """As a function, as a method and in place."""
    forms = [name, f"Tensor.{name}", *([] if name in NO_TWIN.split() else [f"Tensor.{name}_"])]
    there = [n for n in forms if has(pytorch, n)]
    assert there
    assert [n for n in there if not has(minigrad, n)] == []
