/* A library of which there are two versions: -DANSWER. */

int answer(void);

int
answer(void)
{
    return ANSWER;
}
