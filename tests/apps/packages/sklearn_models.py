# /// script
# dependencies = ["scikit-learn"]
# ///
"""Models of scikit-learn, which has no wheel for musl: it is built from source, in C++ and Cython."""

# expect: LogisticRegression True
# expect: SVC True
# expect: RandomForestClassifier True
# expect: KMeans 3
# expect: PCA 2
# expect: error Expected 2D array, got 1D array instead

import os

# Its semaphores want /dev/shm, which an empty root has not.
os.environ["JOBLIB_MULTIPROCESSING"] = "0"

from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

X, y = load_iris(return_X_y=True)
models = (LogisticRegression(max_iter=500), SVC(), RandomForestClassifier(20, random_state=0))
for model in models:
    print(type(model).__name__, model.fit(X, y).score(X, y) > 0.95)
print("KMeans", len(set(KMeans(3, n_init=3, random_state=0).fit_predict(X))))
print("PCA", PCA(2).fit_transform(X).shape[1])
try:
    SVC().fit(y, y)
except ValueError as error:
    print("error", str(error).partition(":")[0])
