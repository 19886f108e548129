# Weights, ops and a gradient tape; for Fashion-MNIST nothing changes but the data.
import tensorflow as tf
from tensorflow.keras.datasets import mnist  # or fashion_mnist as mnist


def network(weights, x, training=False):
    w1, b1, w2, b2, w3, b3, w4, b4 = weights
    x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, w1, strides=1, padding="SAME"), b1))
    x = tf.nn.max_pool2d(x, ksize=2, strides=2, padding="VALID")
    x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, w2, strides=1, padding="SAME"), b2))
    x = tf.nn.max_pool2d(x, ksize=2, strides=2, padding="VALID")
    x = tf.reshape(x, [tf.shape(x)[0], -1])
    x = tf.nn.relu(tf.matmul(x, w3) + b3)
    if training:
        x = tf.nn.dropout(x, rate=0.5)
    return tf.matmul(x, w4) + b4


def cross_entropy(logits, labels):
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))


tf.random.set_seed(0)
(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = (tf.cast(x[..., tf.newaxis], tf.float32) / 255 for x in (x_train, x_test))
y_train, y_test = (tf.cast(y, tf.int32) for y in (y_train, y_test))
train_data = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(60000).batch(128)
test_data = tf.data.Dataset.from_tensor_slices((x_test, y_test)).batch(128)

shapes = [[5, 5, 1, 32], [32], [5, 5, 32, 64], [64], [64 * 7 * 7, 1024], [1024], [1024, 10], [10]]
initializer = tf.initializers.GlorotUniform(seed=0)
weights = [tf.Variable(tf.zeros(s) if len(s) == 1 else initializer(s)) for s in shapes]
optimizer = tf.optimizers.Adam()


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = cross_entropy(network(weights, x, training=True), y)
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
    return loss


for epoch in range(5):
    for step, (x, y) in enumerate(train_data):
        loss = train_step(x, y)
        if step % 200 == 0:
            print(f"epoch {epoch + 1}, step {step + 1}, loss {loss.numpy():.4f}")

correct = 0
for x, y in test_data:
    predicted = tf.argmax(network(weights, x), axis=1, output_type=tf.int32)
    correct += tf.reduce_sum(tf.cast(tf.equal(predicted, y), tf.int32)).numpy()
parameters = sum(tf.size(weight).numpy() for weight in weights)
print(f"{parameters} parameters, test accuracy {correct / len(x_test):.4f}")
